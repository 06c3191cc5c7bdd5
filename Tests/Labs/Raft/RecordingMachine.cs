using System.Buffers.Binary;
using Quorleans.Raft;

namespace Quorleans.Labs.Raft;

/// <summary>Lab 2's service: it counts commands, and shows each to the <see cref="AppliedLog"/>. Its snapshot is how far it has come.</summary>
internal sealed class RecordingMachine(int server, AppliedLog log) : IStateMachine
{
    private const int SnapshotBytes = sizeof(int) + sizeof(long);
    private LogIndex _last;

    /// <summary>How many commands it has applied: the index of the last one, as the labs count.</summary>
    internal int Count { get; private set; }

    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        Invariant.Check(entry.Index > _last, $"Entry {entry.Index} is applied after {_last}.");
        (_last, Count) = (entry.Index, Count + 1);
        log.Check(server, Count, entry);
        if (!wantResult) return default;
        byte[] index = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(index, Count);
        return index;
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => default;

    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => payload.Length >= Command.Bytes ? null : "A command has 16 bytes or more.";

    public ISnapshotView Capture() => new View(Count, _last);

    public object Load(Stream source, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[SnapshotBytes];
        source.ReadExactly(bytes);
        return (BinaryPrimitives.ReadInt32LittleEndian(bytes), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(sizeof(int)))));
    }

    public void Install(object loaded)
    {
        (int Count, LogIndex Last) state = ((int, LogIndex))loaded;
        Invariant.Check(state.Last >= _last, $"A snapshot up to {state.Last} is installed after {_last}.");
        log.CheckSnapshot(server, state.Count, state.Last);
        (Count, _last) = state;
    }

    private sealed class View(int count, LogIndex last) : ISnapshotView
    {
        public void Dispose() { }

        public void WriteTo(Stream destination, CancellationToken cancellationToken)
        {
            byte[] bytes = new byte[SnapshotBytes];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(int)), last.Value);
            destination.Write(bytes);
        }
    }
}
