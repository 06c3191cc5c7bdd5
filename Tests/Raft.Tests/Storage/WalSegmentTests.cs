using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class WalSegmentTests
{
    [Fact]
    public void FilesAreRecycled_WhenTheirEntriesAreCompacted()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        for (int i = 1; i <= 400; i++)
        {
            wal.Log.AppendEntries(group, Entries(i, 1));
            wal.Flush();
            if (i % 20 == 0) wal.Log.SnapshotTaken(group, Snapshot(i - 5), "s" + i, installed: false);
        }

        wal.Flush();
        Assert.True(wal.Log.Statistics.Segments > 20, $"{wal.Log.Statistics.Segments} segments");
        Assert.InRange(wal.Disk.List().Count, 2, 6);
        Assert.All(wal.Disk.List(), name => Assert.Equal(wal.SegmentBytes, wal.Disk.ReadAll(name).Length));
        wal.Crash();
        Assert.Null(wal.Recovery.Corruption);
        WriteAheadLogTests.AssertEntries(Entries(396, 5), wal.Group().Entries);
    }

    [Fact]
    public void NoFileIsMadeOrDeleted_WhenTheLogGrowsAndShrinksAsBefore()
    {
        const int EntriesOfRound = 80; // 15 in a segment: more segments than are always kept
        WalHarness wal = new();
        LogGroup group = wal.Open();
        IReadOnlyList<string> known = [];
        for (int round = 0; round < 8; round++)
        {
            for (int i = 1; i <= EntriesOfRound; i++)
            {
                wal.Log.AppendEntries(group, Entries((round * EntriesOfRound) + i, 1));
                wal.Flush();
            }

            Assert.InRange(wal.Log.SegmentCount, 4, 8);
            wal.Log.SnapshotTaken(group, Snapshot((round + 1) * EntriesOfRound), "s" + round, installed: false);
            if (round == 3) known = wal.Disk.List();
        }

        Assert.Equal(known, wal.Disk.List());
    }

    [Fact]
    public void SegmentsThatHoldLiveEntriesStay_WithoutACompaction()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        for (int i = 1; i <= 100; i++)
        {
            wal.Log.AppendEntries(group, Entries(i, 1));
            wal.Flush();
        }

        wal.Crash();
        WriteAheadLogTests.AssertEntries(Entries(1, 100), wal.Group().Entries);
    }

    [Fact]
    public void IdleGroupIsRewrittenForward_AndThenPinsNothing()
    {
        WalHarness wal = new();
        LogGroup idle = wal.Open("idle");
        LogGroup busy = wal.Open("busy");
        LogEntry[] still = Entries(1, 7, term: 3);
        wal.Log.AppendEntries(idle, still);
        int most = 0;
        for (int i = 1; i <= 600; i++)
        {
            wal.Log.AppendEntries(busy, Entries(i, 1));
            if (i % 10 == 0) wal.Log.SnapshotTaken(busy, Snapshot(i), "s", installed: false);
            foreach (Laggard laggard in wal.Log.Laggards())
            {
                Assert.Same(idle, laggard.Group);
                wal.Log.Rewrite(idle, still.AsSpan((int)laggard.First.Value - 1, (int)(laggard.Last - laggard.First) + 1));
            }

            wal.Flush();
            most = Math.Max(most, wal.Log.SegmentCount);
        }

        Assert.InRange(most, 3, 9);
        wal.Crash();
        WriteAheadLogTests.AssertEntries(still, wal.Group("idle").Entries);
    }

    [Fact]
    public void LargeLiveLogIsNotRewrittenRoundAndRound_WhenItFillsItsSegments()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        List<LogEntry> entries = [];
        int rewritten = 0;
        for (int i = 1; i <= 300; i++)
        {
            LogEntry entry = Entry(i, payload: 3900);
            entries.Add(entry);
            wal.Log.AppendEntries(group, [entry]);
            wal.Flush();
            foreach (Laggard laggard in wal.Log.Laggards()) rewritten += (int)(laggard.Last - laggard.First) + 1;
        }

        Assert.Equal(0, rewritten);
        wal.Crash();
        WriteAheadLogTests.AssertEntries(entries, wal.Group().Entries);
    }

    [Fact]
    public void BatchLargerThanASegment_GetsASegmentOfItsSize()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, [Entry(1, payload: 10), Entry(2, payload: 300_000), Entry(3, payload: 10)]);
        wal.Flush();
        Assert.Equal(1, wal.Log.DurableSequence);
        wal.Log.AppendEntries(group, [Entry(4)]);
        wal.Flush();
        wal.Crash();
        WriteAheadLogTests.AssertEntries([Entry(1, payload: 10), Entry(2, payload: 300_000), Entry(3, payload: 10), Entry(4)], wal.Group().Entries);

        // Too large to be kept for the next use.
        wal.Log.SnapshotTaken(wal.Group().Log, Snapshot(4), "s", installed: false);
        for (int i = 5; i < 60; i++)
        {
            wal.Log.AppendEntries(wal.Group().Log, Entries(i, 1));
            wal.Flush();
            wal.Log.SnapshotTaken(wal.Group().Log, Snapshot(i), "s", installed: false);
        }

        Assert.All(wal.Disk.List(), name => Assert.Equal(wal.SegmentBytes, wal.Disk.ReadAll(name).Length));
    }

    [Fact]
    public void FullDiskRefusesAppends_KeepsRoomForVotes_AndGoesOnWhenSpaceReturns()
    {
        FakeTimeProvider time = new();
        SimulatedDisk disk = new(1) { Capacity = 2 * (256 << 10) };
        ManualLogExecutor executor = new();
        WalOptions options = Options(256 << 10) with { Time = time };
        WriteAheadLog log = WriteAheadLog.Open(disk, options, executor, out _);
        LogGroup group = log.OpenGroup(new GroupId("g1", 1), new MemberId(1), Three);
        long index = 0;
        while (log.CanAppend(2000))
        {
            log.AppendEntries(group, [Entry(++index, payload: 1900)]);
            Drain();
            Assert.True(index < 500);
        }

        Assert.Equal(LogState.Full, log.State);
        Assert.InRange(index, 100, 127);
        for (int vote = 1; vote <= 3; vote++)
        {
            log.SetHardState(group, new HardState(new Term(vote), new MemberId(1), LogIndex.Zero));
            Drain();
            Assert.False(log.HasPending);
        }

        Assert.False(log.CanAppend(2000));
        disk.Capacity *= 2;
        Assert.False(log.CanAppend(2000));
        time.Advance(TimeSpan.FromSeconds(2));
        log.CanAppend(2000);
        executor.RunAll();
        Assert.True(log.CanAppend(2000));
        Assert.Equal(LogState.Open, log.State);
        for (int i = 0; i < 40; i++)
        {
            log.AppendEntries(group, [Entry(++index, payload: 1900)]);
            Drain();
        }

        disk.Restart(UnsyncedFate.Lost);
        WriteAheadLog.Open(disk, options, executor, out LogRecovery recovery);
        Assert.Equal(index, recovery.Groups[0].Entries.Count);
        Assert.Equal(new Term(3), recovery.Groups[0].HardState.Term);

        void Drain()
        {
            log.TryFlush();
            executor.RunAll();
        }
    }

    [Fact]
    public void FullDiskAtTheStart_IsAStateAndNotAnError()
    {
        SimulatedDisk disk = new(1) { Capacity = 1000 };
        WriteAheadLog log = WriteAheadLog.Open(disk, Options(64 << 10), new ManualLogExecutor(), out LogRecovery recovery);
        Assert.True(recovery.IsEmpty);
        Assert.Equal(LogState.Full, log.State);
        Assert.False(log.CanAppend(10));
        Assert.Empty(disk.List());
    }
}
