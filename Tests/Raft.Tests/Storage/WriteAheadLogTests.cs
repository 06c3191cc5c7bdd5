using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class WriteAheadLogTests
{
    [Fact]
    public void RecoveryGivesEverythingBack_AfterPowerLoss()
    {
        WalHarness wal = new();
        Assert.True(wal.Recovery.IsEmpty);
        LogGroup group = wal.Open();
        wal.Log.SetHardState(group, new HardState(new Term(3), new MemberId(2), new LogIndex(4)));
        wal.Log.AppendEntries(group, Entries(1, 10));
        wal.Log.AppendEntries(group, [new LogEntry(new LogIndex(11), new Term(3), EntryKind.Noop, new LogTime(500), default)]);
        wal.Flush();
        wal.Log.SnapshotTaken(group, Snapshot(4), "snapshot-x", installed: false);
        wal.Flush();
        Assert.Equal(2, wal.Log.DurableSequence);

        wal.Crash();
        Assert.Null(wal.Recovery.Corruption);
        Assert.Null(wal.Recovery.Torn);
        RecoveredGroup found = wal.Group();
        Assert.Equal(new GroupId("g1", 1), found.Id);
        Assert.Equal(new MemberId(1), found.Self);
        Assert.Equal(Three, found.Initial);
        Assert.Equal(new HardState(new Term(3), new MemberId(2), new LogIndex(4)), found.HardState);
        Assert.Equal(Snapshot(4), found.Snapshot);
        Assert.Equal("snapshot-x", found.SnapshotFile);
        AssertEntries([.. Entries(5, 6), new LogEntry(new LogIndex(11), new Term(3), EntryKind.Noop, new LogTime(500), default)], found.Entries);
        Assert.Equal(3, wal.Log.PendingSequence);
    }

    [Fact]
    public void OneBatchIsInFlight_AndTheNextGathersMeanwhile()
    {
        WalHarness wal = new();
        List<LogCompletion> completions = [];
        wal.Log.Completed = completions.Add;
        LogGroup group = wal.Open();
        Assert.True(wal.Log.TryFlush());
        for (int i = 1; i <= 50; i++)
        {
            wal.Log.AppendEntries(group, Entries(i, 1));
            Assert.Equal(2, wal.Log.PendingSequence);
            Assert.False(wal.Log.TryFlush());
        }

        Assert.Equal(0, wal.Log.DurableSequence);
        Assert.True(wal.Executor.RunBatch());
        Assert.True(wal.Log.TryFlush());
        Assert.Equal(1, wal.Log.DurableSequence);
        Assert.True(wal.Executor.RunBatch());
        Assert.Equal(2, wal.Log.DurableSequence);
        Assert.Equal([1, 2], completions.Where(completion => completion.Error is null).Select(completion => completion.DurableSequence).Distinct());
        Assert.Equal(2, wal.Log.Statistics.Batches);
        Assert.Equal(2, wal.Log.Statistics.Syncs);
    }

    [Fact]
    public void AppendSupersedes_WhateverStoodAtAndAfterItsFirstIndex()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, Entries(1, 10));
        wal.Flush();
        wal.Log.AppendEntries(group, Entries(4, 2, term: 2));
        wal.Flush();
        Assert.Equal(new LogIndex(5), group.LastIndex);
        wal.Crash();
        AssertEntries([.. Entries(1, 3), .. Entries(4, 2, term: 2)], wal.Group().Entries);
    }

    [Fact]
    public void AppendIsRefused_WhenItWouldLeaveAGapOrTouchTheSnapshot()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, Entries(1, 5));
        Assert.Throws<InvariantViolationException>(() => wal.Log.AppendEntries(group, Entries(7, 1)));
        Assert.Throws<InvariantViolationException>(() => wal.Log.AppendEntries(group, [Entry(6), Entry(8)]));
        wal.Log.SnapshotTaken(group, Snapshot(3), "s", installed: false);
        Assert.Throws<InvariantViolationException>(() => wal.Log.AppendEntries(group, Entries(3, 1)));
        Assert.Throws<InvariantViolationException>(() => wal.Log.SnapshotTaken(group, Snapshot(2), "s", installed: false));
    }

    [Fact]
    public void InstalledSnapshotDiscardsTheLog_AndEntriesGoOnAfterIt()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, Entries(1, 10));
        wal.Flush();
        wal.Log.SnapshotTaken(group, Snapshot(100, 5), "s100", installed: true);
        wal.Log.AppendEntries(group, Entries(101, 3, term: 5));
        wal.Flush();
        wal.Crash();
        AssertEntries(Entries(101, 3, term: 5), wal.Group().Entries);
        Assert.Equal(new LogIndex(100), wal.Group().Snapshot!.Index);
    }

    [Fact]
    public void RemovedGroupIsGone_AndItsNextIncarnationIsAnother()
    {
        WalHarness wal = new();
        LogGroup first = wal.Open("g1");
        LogGroup second = wal.Open("g2");
        wal.Log.AppendEntries(first, Entries(1, 3));
        wal.Log.AppendEntries(second, Entries(1, 3));
        wal.Flush();
        wal.Log.RemoveGroup(first);
        LogGroup again = wal.Log.OpenGroup(new GroupId("g1", 2), new MemberId(4), Three);
        wal.Log.AppendEntries(again, Entries(1, 1, term: 9));
        wal.Flush();
        Assert.Throws<InvariantViolationException>(() => wal.Log.AppendEntries(first, Entries(4, 1)));
        wal.Crash();
        Assert.Equal([new GroupId("g1", 2), new GroupId("g2", 1)], wal.Recovery.Groups.Select(group => group.Id));
        AssertEntries(Entries(1, 1, term: 9), wal.Group("g1").Entries);
    }

    [Fact]
    public void UnflushedRecordsAreLost_AndFlushedOnesAreNot()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, Entries(1, 2));
        wal.Flush();
        wal.Log.AppendEntries(group, Entries(3, 2));
        wal.Log.TryFlush();
        wal.Crash();
        AssertEntries(Entries(1, 2), wal.Group().Entries);
    }

    [Fact]
    public void LiveBytesCountEncodedEntriesAndHardState_WithoutPadding()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        long hard = group.LiveBytes;
        Assert.InRange(hard, 20, 40);
        wal.Log.AppendEntries(group, Entries(1, 10, payload: 100));
        long each = (group.LiveBytes - hard) / 10;
        Assert.InRange(each, 100, 100 + LogEntry.Overhead);
        wal.Log.SnapshotTaken(group, Snapshot(6), "s", installed: false);
        Assert.Equal(hard + 4 * each, group.LiveBytes);
        wal.Flush();
        wal.Crash();
        Assert.Equal(hard + 4 * each, wal.Group().Log.LiveBytes);
        Assert.Equal(4 * each, wal.Log.LiveBytes);
    }

    [Fact]
    public void SealProvesTheLastBatchDurable_AndIsNeededOnce()
    {
        WalHarness wal = new();
        wal.Open();
        Assert.False(wal.Log.NeedsSeal);
        wal.Flush();
        Assert.True(wal.Log.NeedsSeal);
        Assert.True(wal.Log.Seal());
        Assert.False(wal.Log.NeedsSeal);
        wal.Executor.RunAll();
        Assert.False(wal.Log.NeedsSeal);
        Assert.False(wal.Log.Seal());
        wal.Crash();
        Assert.Equal(2, wal.Log.DurableSequence);
        Assert.Single(wal.Recovery.Groups);
    }

    [Fact]
    public void LogFailsForEver_WhenASyncFails()
    {
        WalHarness wal = new();
        LogGroup group = wal.Open();
        wal.Log.AppendEntries(group, Entries(1, 2));
        wal.Flush();
        List<LogCompletion> completions = [];
        wal.Log.Completed = completions.Add;
        wal.Log.AppendEntries(group, Entries(3, 2));
        wal.Disk.FailSyncs = true;
        Assert.True(wal.Log.TryFlush());
        wal.Executor.RunBatch();
        wal.Disk.FailSyncs = false;
        Assert.Equal(LogState.Failed, wal.Log.State);
        Assert.Equal("fdatasync", completions[^1].Error!.Operation);
        Assert.Equal(1, wal.Log.DurableSequence);
        Assert.False(wal.Log.CanAppend(1));
        Assert.Equal(LogState.Failed, Assert.Throws<LogStateException>(() => wal.Log.TryFlush()).State);
        Assert.Throws<LogStateException>(() => wal.Log.AppendEntries(group, Entries(5, 1)));

        // What the kernel dropped is readable until the crash, and gone after it.
        wal.Crash(UnsyncedFate.Random);
        AssertEntries(Entries(1, 2), wal.Group().Entries);
    }

    internal static void AssertEntries(IReadOnlyList<LogEntry> expected, IReadOnlyList<LogEntry> actual)
    {
        Assert.Equal(expected.Select(entry => entry.ToString()), actual.Select(entry => entry.ToString()));
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Time, actual[i].Time);
            Assert.True(expected[i].Payload.Span.SequenceEqual(actual[i].Payload.Span), $"payload of {expected[i]}");
        }
    }
}
