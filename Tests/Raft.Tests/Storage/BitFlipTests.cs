using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

/// <summary>Every single bit of a small log and of a small snapshot rots, one at a time; each place has its own right result.</summary>
public sealed class BitFlipTests
{
    private const int Page = 4096;
    private const int HeaderCovered = 60; // the last four bytes of a header are zero and mean nothing

    private enum Result
    {
        /// <summary>Nothing that counts: everything is recovered.</summary>
        Harmless,

        /// <summary>Taken for a batch that was in flight: all before it is recovered.</summary>
        Cut,

        /// <summary>Known to have been durable: refused, with file and offset.</summary>
        Corrupt,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FlippedBitOfALog_IsHarmlessCutOrCorrupt_ByItsPlace(bool isSealed)
    {
        byte[] log = Written(isSealed, out List<(int Offset, int Bytes)> batches);
        int harmless = 0, cut = 0, corrupt = 0;
        for (int at = 0; at < log.Length; at++)
        {
            // Padding and free pages have no meaning that depends on the bit; everything else is tried bit by bit.
            Result expected = Expected(at, batches, out int offset);
            for (int bit = 0; bit < 8; bit += expected == Result.Harmless && at % 256 != 0 ? 8 : 1)
            {
                LogRecovery recovery = Recover(log, at, bit);
                string place = $"sealed {isSealed}, byte {at}, bit {bit}: {recovery.Corruption}, torn {recovery.Torn}, {recovery.Groups.Count} groups";
                Result found = recovery.Corruption is not null ? Result.Corrupt : Entries(recovery).Count == 3 ? Result.Harmless : Result.Cut;
                // The last seal is a batch too, and in flight for all that is known: cut, but it holds nothing.
                if (isSealed && expected == Result.Cut) expected = Result.Harmless;
                Assert.True(expected == found, $"{expected} expected at {place}");
                if (found == Result.Corrupt)
                {
                    Assert.True(recovery.Corruption!.Offset == offset, $"offset {offset} expected at {place}");
                    Assert.Empty(recovery.Groups);
                    corrupt++;
                    continue;
                }

                WriteAheadLogTests.AssertEntries(WalHarness.Entries(1, found == Result.Cut ? 2 : 3), Entries(recovery));
                _ = found == Result.Cut ? cut++ : harmless++;
            }
        }

        Assert.True(corrupt > 2000 && harmless > 800 && cut > 700 == !isSealed, $"{harmless} harmless, {cut} cut, {corrupt} corrupt");
    }

    [Fact]
    public void FlippedBitOfASnapshot_IsFound_ExceptInTheTwoBytesThatMeanNothing()
    {
        SimulatedDisk disk = new(1);
        SnapshotStore store = new(disk);
        string name;
        byte[] body = [.. Enumerable.Range(0, 700).Select(static i => (byte)(i * 7))];
        using (SnapshotWriter writer = store.Create(new GroupId("g1", 3), Snapshot(17)))
        {
            writer.Body.Write(body);
            name = writer.Commit();
        }

        int length = disk.ReadAll(name).Length;
        for (int at = 0; at < length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                disk.Corrupt(name, at, (byte)(1 << bit));
                bool isHarmless = at is 6 or 7;
                if (isHarmless) store.Open(name).Dispose();
                else Assert.Throws<SnapshotCorruptException>(() => store.Open(name).Dispose());

                // Streamed without the check of the whole: no wrong byte is given out on the way, and the end says so.
                Exception? broken = Record.Exception(() =>
                {
                    using SnapshotReader reader = store.Open(name, verify: false);
                    using Stream stream = reader.OpenBody();
                    MemoryStream read = new();
                    Exception? end = Record.Exception(() => stream.CopyTo(read));
                    Assert.True(body.AsSpan().StartsWith(read.ToArray()), $"byte {at}, bit {bit}: a wrong byte was given out");
                    if (end is not null) throw end;
                });
                if (isHarmless) Assert.Null(broken);
                else Assert.IsType<SnapshotCorruptException>(broken);
                disk.Corrupt(name, at, (byte)(1 << bit));
            }
        }
    }

    /// <summary>DESIGN 3.2's rule by place, worked out from the layout alone and not by the code that is tested.</summary>
    private static Result Expected(int at, List<(int Offset, int Bytes)> batches, out int offset)
    {
        offset = 0;
        for (int i = 0; i < batches.Count; i++)
        {
            (offset, int bytes) = batches[i];
            if (at < offset || at >= offset + bytes) continue;
            if (at - offset is >= HeaderCovered and < BatchHeader.Bytes) return Result.Harmless;
            return i == batches.Count - 1 ? Result.Cut : Result.Corrupt;
        }

        return Result.Harmless;
    }

    private static byte[] Written(bool isSealed, out List<(int Offset, int Bytes)> batches)
    {
        WalHarness wal = new(segmentBytes: 8 * Page);
        LogGroup group = wal.Open();
        for (int i = 1; i <= 3; i++)
        {
            wal.Log.AppendEntries(group, WalHarness.Entries(i, 1));
            wal.Flush();
        }

        if (isSealed)
        {
            Assert.True(wal.Log.Seal());
            wal.Executor.RunAll();
        }

        byte[] log = wal.Disk.ReadAll(wal.Disk.List()[0]);
        batches = [];
        for (int at = 0; at < log.Length; at += Page)
            if (BatchHeader.Read(log.AsSpan(at), LogSalt.From(NodeId), out BatchHeader header, out _) == HeaderReading.Valid) batches.Add((at, BatchHeader.Bytes + header.Length));
        Assert.Equal(isSealed ? 5 : 4, batches.Count);
        return log;
    }

    private static LogRecovery Recover(byte[] log, int at, int bit)
    {
        SimulatedDisk disk = new(1);
        log[at] ^= (byte)(1 << bit);
        using (IDiskFile file = disk.Create("wal-000001.log")) file.Write(0, log);
        log[at] ^= (byte)(1 << bit);
        using WriteAheadLog opened = WriteAheadLog.Open(disk, Options(8 * Page), new ManualLogExecutor(), out LogRecovery recovery);
        return recovery;
    }

    private static IReadOnlyList<LogEntry> Entries(LogRecovery recovery) => recovery.Groups.Count == 0 ? [] : recovery.Groups[0].Entries;
}
