using System.Buffers.Binary;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class WalRecoveryTests
{
    private const int Page = 4096;

    [Fact]
    public void TornLastBatchIsCut_AndTheLogGoesOnAfterTheOneBefore()
    {
        WalHarness wal = Written(5);
        wal.Disk.Corrupt(File(wal), 5 * Page + 70, 0xFF);
        wal.Crash();
        Assert.Null(wal.Recovery.Corruption);
        Assert.Equal(new TornBatch(File(wal), 5 * Page, 5), wal.Recovery.Torn);
        WriteAheadLogTests.AssertEntries(Entries(1, 4), wal.Group().Entries);

        // What comes next begins a new segment; the remains of the torn batch are never taken for corruption.
        wal.Log.AppendEntries(wal.Group().Log, Entries(5, 1, term: 2));
        wal.Flush();
        wal.Log.AppendEntries(wal.Group().Log, Entries(6, 1, term: 2));
        wal.Flush();
        for (int i = 0; i < 3; i++)
        {
            wal.Crash();
            Assert.Null(wal.Recovery.Corruption);
            WriteAheadLogTests.AssertEntries([.. Entries(1, 4), .. Entries(5, 2, term: 2)], wal.Group().Entries);
        }
    }

    [Theory]
    [InlineData(1, "batch 1")]
    [InlineData(2, "batch 2")]
    [InlineData(4, "batch 4")]
    public void DamageBelowADurableBatchIsCorruption_WithFileAndOffset(int page, string what)
    {
        WalHarness wal = Written(5);
        wal.Disk.Corrupt(File(wal), page * Page + 100, 1);
        wal.Crash();
        AssertCorrupt(wal, File(wal), page * Page, what);
    }

    [Fact]
    public void DamagedOpeningIsCorruption_WhenALaterBatchShowsThatItWasDurable()
    {
        WalHarness wal = Written(5);
        wal.Disk.Corrupt(File(wal), 80, 1);
        wal.Crash();
        AssertCorrupt(wal, File(wal), 0, "opening");
    }

    [Fact]
    public void DamagedLastBatchIsCorruption_OnceItWasSealed()
    {
        WalHarness wal = Written(5);
        Assert.True(wal.Log.Seal());
        wal.Executor.RunAll();
        wal.Disk.Corrupt(File(wal), 5 * Page + 70, 0xFF);
        wal.Crash();
        AssertCorrupt(wal, File(wal), 5 * Page, "batch 5");
    }

    [Fact]
    public void DamageInAnOlderSegmentIsCorruption_AsLongAsTheSegmentIsNeeded()
    {
        WalHarness wal = Written(40);
        string[] files = [.. wal.Disk.List()];
        Assert.True(files.Length >= 3);
        wal.Disk.Corrupt(files[0], 15 * Page + 8, 1);
        wal.Crash();
        AssertCorrupt(wal, files[0], 15 * Page, "batch 15");
    }

    [Fact]
    public void DamagedOpeningOfAMiddleSegmentIsCorruption()
    {
        WalHarness wal = Written(40);
        string[] files = [.. wal.Disk.List()];
        wal.Disk.Corrupt(files[1], 20, 1);
        wal.Crash();
        AssertCorrupt(wal, files[1], 0, "opening");
    }

    [Fact]
    public void MissingSegmentIsCorruption()
    {
        WalHarness wal = Written(40);
        wal.Disk.Delete(wal.Disk.List()[1]);
        wal.Disk.SyncDirectory();
        wal.Crash();
        AssertCorrupt(wal, wal.Disk.List()[0], 0, "missing");
    }

    [Fact]
    public void CorruptLogTakesNothing_AndChangesNothingOnDisk()
    {
        WalHarness wal = Written(5);
        wal.Disk.Corrupt(File(wal), 2 * Page + 100, 1);
        Dictionary<string, byte[]> before = wal.Disk.List().ToDictionary(name => name, wal.Disk.ReadAll);
        wal.Crash();
        Assert.Equal(LogState.Corrupt, wal.Log.State);
        Assert.False(wal.Log.CanAppend(1));
        Assert.False(wal.Log.NeedsSeal);
        LogStateException refused = Assert.Throws<LogStateException>(() => wal.Open("g9"));
        Assert.Equal(LogState.Corrupt, refused.State);
        Assert.Contains(File(wal), refused.Message, StringComparison.Ordinal);
        Assert.Throws<LogStateException>(() => wal.Log.TryFlush());
        Assert.Equal(before.Keys, wal.Disk.List());
        Assert.All(before, file => Assert.Equal(file.Value, wal.Disk.ReadAll(file.Key)));
    }

    [Fact]
    public void StaleBytesOfAFormerUseAreIgnored_InARecycledFile()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        for (int i = 1; i <= 100; i++)
        {
            wal.Log.AppendEntries(group, Entries(i, 1));
            wal.Log.SnapshotTaken(group, Snapshot(i), "s", installed: false);
            wal.Flush();

            // Every length of the current use over what the use before left behind.
            wal.Crash();
            Assert.Null(wal.Recovery.Corruption);
            Assert.Null(wal.Recovery.Torn);
            group = wal.Group().Log;
            Assert.Equal(new LogIndex(i), group.LastIndex);
        }
    }

    [Fact]
    public void AnotherNodesLogIsRefused()
    {
        WalHarness wal = Written(3);
        WriteAheadLog.Open(wal.Disk, new WalOptions { NodeId = Guid.NewGuid(), SegmentBytes = wal.SegmentBytes }, new ManualLogExecutor(), out LogRecovery recovery);
        Assert.Contains("another node id", recovery.Corruption!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void ValueThatIsACopyOfTheLog_DoesNotPassForTheLog()
    {
        WalHarness wal = Written(5);
        byte[] copy = wal.Disk.ReadAll(File(wal));
        LogEntry trap = new(new LogIndex(6), new Term(1), EntryKind.Command, new LogTime(60), Aligned(copy));
        wal.Log.AppendEntries(wal.Log.Groups.Single(), [trap]);
        wal.Flush();

        // The batch with the copy inside tears: the copies' marks are of the past and prove nothing.
        string large = wal.Disk.List().First(name => wal.Disk.ReadAll(name).Length > wal.SegmentBytes);
        wal.Disk.Corrupt(large, Page + 70, 1);
        wal.Crash();
        Assert.Null(wal.Recovery.Corruption);
        WriteAheadLogTests.AssertEntries(Entries(1, 5), wal.Group().Entries);

        // So that the copied pages lie at pages of the file: batch header 64, record head 20, entry head 21.
        static byte[] Aligned(byte[] copy) => [.. new byte[Page - 64 - 20 - 21], .. copy];
    }

    [Fact]
    public void ExchangedBatchIsFound_ByTheChain()
    {
        // Another body under checksums that are right in themselves: only the next batch knows better.
        WalHarness wal = Written(5);
        LogSalt salt = LogSalt.From(NodeId);
        byte[] batch = wal.Disk.ReadAll(File(wal))[(3 * Page)..(4 * Page)];
        Assert.Equal(HeaderReading.Valid, BatchHeader.Read(batch, salt, out BatchHeader header, out _));
        batch[BatchHeader.Bytes + header.Length - 1] ^= 1;
        (header with { BodyCrc = Crc32C.Append(salt.Seed, batch.AsSpan(BatchHeader.Bytes, header.Length)) }).Write(batch, salt);
        using (IDiskFile file = wal.Disk.Open(File(wal)))
        {
            file.Write(3 * Page, batch);
            file.Sync();
        }

        wal.Crash();
        AssertCorrupt(wal, File(wal), 4 * Page, "batch 4");
    }

    [Fact]
    public void PageCacheIsNotTrusted_WhenTheProcessWasKilledBeforeItsSync()
    {
        // Killed between write and sync: the batch is read from the cache, the node relies on it, then the power goes.
        WalHarness wal = Written(3);
        wal.Log.AppendEntries(wal.Log.Groups.Single(), Entries(4, 1));
        Assert.True(wal.Log.TryFlush());
        wal.Disk.CrashAt(wal.Disk.Operations + 1, CrashMoment.Before);
        Assert.Throws<SimulatedCrashException>(() => wal.Executor.RunBatch());
        wal.Crash(UnsyncedFate.Kept);
        WriteAheadLogTests.AssertEntries(Entries(1, 4), wal.Group().Entries);
        Assert.True(wal.Log.NeedsSeal);
        wal.Crash(UnsyncedFate.Lost);
        WriteAheadLogTests.AssertEntries(Entries(1, 4), wal.Group().Entries);
    }

    [Fact]
    public void NewerFormatIsRefused_AndNothingIsCut()
    {
        WalHarness wal = Written(2);
        byte[] page = wal.Disk.ReadAll(File(wal))[..64];
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(4), 2);
        LogSalt salt = LogSalt.From(NodeId);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(56), Crc32C.Append(salt.Seed, page.AsSpan(0, 56)));
        using (IDiskFile file = wal.Disk.Open(File(wal)))
        {
            file.Write(0, page);
            file.Sync();
        }

        wal.Crash();
        Assert.Contains("newer format", wal.Recovery.Corruption!.What, StringComparison.Ordinal);
    }

    private static WalHarness Written(int batches)
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        for (int i = 1; i <= batches; i++)
        {
            wal.Log.AppendEntries(group, Entries(i, 1));
            wal.Flush();
        }

        return wal;
    }

    private static string File(WalHarness wal) => wal.Disk.List()[0];

    private static void AssertCorrupt(WalHarness wal, string file, long offset, string what)
    {
        LogCorruption corruption = Assert.IsType<LogCorruption>(wal.Recovery.Corruption);
        Assert.Equal((file, offset), (corruption.File, corruption.Offset));
        Assert.Contains(what, corruption.What, StringComparison.Ordinal);
        Assert.Empty(wal.Recovery.Groups);
        Assert.Equal(LogState.Corrupt, wal.Log.State);
    }
}
