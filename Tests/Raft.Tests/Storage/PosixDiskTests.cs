using Quorleans.Raft.Storage;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class PosixDiskTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private PosixDisk Disk => new(_temporary.Path);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void FilesAreCreatedRenamedListedAndDeleted()
    {
        using (IDiskFile file = Disk.Create("b"))
        {
            file.Write(5, "hello"u8);
            file.Sync();
            Assert.Equal(10, file.Length);
        }

        Disk.Create("a").Dispose();
        Disk.Rename("b", "a");
        Disk.SyncDirectory();
        Assert.Equal(["a"], Disk.List());
        byte[] read = new byte[20];
        using (IDiskFile file = Disk.Open("a")) Assert.Equal(5, file.Read(5, read));
        Assert.Equal("hello"u8, read.AsSpan(0, 5));
        Disk.Delete("a");
        Disk.Delete("a");
        Assert.False(Disk.Exists("a"));
        Assert.Equal("open", Assert.Throws<DiskException>(() => Disk.Open("a")).Operation);
        Assert.Throws<ArgumentException>(() => Disk.Open("../a"));
    }

    [Fact]
    public void AllocateGivesZeros()
    {
        using IDiskFile file = Disk.Allocate("z", 3_000_000);
        Assert.Equal(3_000_000, file.Length);
        byte[] bytes = new byte[4096];
        Assert.Equal(4096, file.Read(2_990_000, bytes));
        Assert.True(bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void FullDiskIsItsOwnError_AndLeavesNothing()
    {
        File.CreateSymbolicLink(_temporary.File("full"), "/dev/full");
        using IDiskFile file = Disk.Open("full");
        Assert.Throws<DiskFullException>(() => file.Write(0, [1, 2, 3]));
    }

    [Fact]
    public void SyncErrorsAreThrown_UnlikeByTheRuntime()
    {
        // A device that cannot be synced: the system call fails with EINVAL.
        File.CreateSymbolicLink(_temporary.File("full"), "/dev/full");
        using IDiskFile file = Disk.Open("full");
        DiskException failed = Assert.Throws<DiskException>(file.Sync);
        Assert.Equal(("fdatasync", 22), (failed.Operation, failed.Errno));
        Assert.Contains("/full", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogOnARealDisk_SurvivesReopening()
    {
        const int Batches = 300;
        WalOptions options = Options(256 << 10);
        using (LogThread thread = new("n1"))
        {
            using WriteAheadLog log = WriteAheadLog.Open(Disk, options, thread, out LogRecovery recovery);
            Assert.True(recovery.IsEmpty);
            LogGroup group = log.OpenGroup(new GroupId("g1", 1), new MemberId(1), Three);
            using SemaphoreSlim signal = new(0);
            log.Completed = _ => signal.Release();
            for (int i = 1; i <= Batches; i++)
            {
                log.AppendEntries(group, Entries(i, 1, payload: 128));
                long sequence = log.PendingSequence;
                while (!log.TryFlush()) Assert.True(await signal.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
                while (log.DurableSequence < sequence) Assert.True(await signal.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
                if (i % 20 == 0) log.SnapshotTaken(group, Snapshot(i - 3), "s", installed: false);
            }

            Assert.True(log.Statistics.Segments > 3);
            Assert.Equal(log.Statistics.Batches, log.Statistics.Syncs);
            Assert.Equal(log.Statistics.Syncs, log.Statistics.SyncLatency.Count);
            Assert.Equal(TimeSpan.Zero, log.Statistics.InFlightFor);
            thread.Dispose();
        }

        using LogThread again = new("n1");
        using WriteAheadLog reopened = WriteAheadLog.Open(Disk, options, again, out LogRecovery found);
        Assert.Null(found.Corruption);
        Assert.Equal(Batches, found.Groups[0].Log.LastIndex.Value);

        // The last compaction was never flushed.
        Assert.Equal(Batches - 20 - 3, found.Groups[0].Snapshot!.Index.Value);
        again.Dispose();
    }
}
