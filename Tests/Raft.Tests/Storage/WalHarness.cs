using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.Raft.Tests;

/// <summary>A log on a simulated disk, driven by hand.</summary>
internal sealed class WalHarness
{
    internal static readonly Guid NodeId = new("0f9d2c7e-5a3b-4c1d-8e6f-a1b2c3d4e5f6");
    internal static readonly Membership Three = Membership.Initial([("n1", NodeId), ("n2", Guid.Parse("00000000-0000-0000-0000-000000000002")), ("n3", Guid.Parse("00000000-0000-0000-0000-000000000003"))]);

    internal WalHarness(SimulatedDisk? disk = null, int segmentBytes = 64 << 10)
    {
        Disk = disk ?? new SimulatedDisk(1);
        SegmentBytes = segmentBytes;
        Reopen();
    }

    internal SimulatedDisk Disk { get; }

    internal int SegmentBytes { get; }

    internal ManualLogExecutor Executor { get; private set; } = new();

    internal WriteAheadLog Log { get; private set; } = null!;

    internal LogRecovery Recovery { get; private set; } = null!;

    internal static WalOptions Options(int segmentBytes, int behind = 4) => new() { NodeId = NodeId, SegmentBytes = segmentBytes, SegmentsBehind = behind };

    internal static LogEntry Entry(long index, long term = 1, int payload = 20, byte fill = 7) =>
        new(new LogIndex(index), new Term(term), EntryKind.Command, new LogTime(index * 10), Payload(payload, fill));

    internal static ReadOnlyMemory<byte> Payload(int length, byte fill)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, fill);
        return bytes;
    }

    internal static LogEntry[] Entries(long first, int count, long term = 1, int payload = 20) =>
        [.. Enumerable.Range(0, count).Select(i => Entry(first + i, term, payload, (byte)(first + i)))];

    internal static SnapshotMetadata Snapshot(long index, long term = 1) => new(new LogIndex(index), new Term(term), new LogTime(index * 10), Three);

    internal void Reopen()
    {
        Executor = new ManualLogExecutor();
        Log = WriteAheadLog.Open(Disk, Options(SegmentBytes), Executor, out LogRecovery recovery);
        Recovery = recovery;
    }

    internal void Crash(UnsyncedFate fate = UnsyncedFate.Lost)
    {
        Disk.Restart(fate);
        Reopen();
    }

    internal LogGroup Open(string name = "g1") => Log.OpenGroup(new GroupId(name, 1), new MemberId(1), Three);

    /// <summary>Makes everything pending durable.</summary>
    internal void Flush()
    {
        do
        {
            Log.TryFlush();
            Executor.RunAll();
        }
        while (Log.HasPending && Log.State == LogState.Open);
    }

    internal RecoveredGroup Group(string name = "g1") => Recovery.Groups.Single(group => group.Id.Name == name);
}
