using Xunit;

namespace Quorleans.Raft.Tests;

/// <summary>Single steps of one core that whole runs reach seldom; each was a mistake here once, or is one that others made (labs R1 to R19).</summary>
public sealed class RaftCoreTests
{
    private readonly RaftOutput _output = new();

    [Fact]
    public void HeartbeatAcknowledgesNothingOfASnapshot_BeforeItsRecordIsDurable()
    {
        RaftCore core = Follower();
        Assert.True(core.OnSnapshotReceived(Snapshot(index: 10, term: 1)));
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, entries: []));
        DurabilityToken token = Take(core).Token!.Value;
        Assert.All(_output.Messages, message => Assert.Equal(LogIndex.Zero, message.Match));
        Assert.Equal(LogIndex.Zero, core.Durable);

        core.OnAppended(token);
        Take(core);
        Assert.Contains(_output.Messages, message => message.Kind == MessageKind.InstallSnapshotReply && message.Match == new LogIndex(10));
        Assert.Equal(new LogIndex(10), core.Durable);
    }

    [Fact]
    public void SnapshotKeepsNothingOnDisk_WhenTheDiskHasNotSeenTheTruncationBeforeIt()
    {
        RaftCore core = Follower();
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 12, term: 1)));
        MakeDurable(core);
        // In memory 9 to 12 give way to 9 and 10 of term 3; the snapshot of 10 comes before the driver has taken that.
        core.Step(Append(term: 3, previous: 8, previousTerm: 1, Entries(from: 9, to: 10, term: 3)));
        Assert.True(core.OnSnapshotReceived(Snapshot(index: 10, term: 3)));
        Take(core);
        Assert.False(_output.RestoreKeepsLog, "Entries 11 and 12 of term 1 would stay on the disk behind the snapshot.");
        Assert.Equal(new LogIndex(10), core.Log.LastIndex);
    }

    [Fact]
    public void SnapshotKeepsTheLogBehindIt_WhenTheDiskHasItsLastEntry()
    {
        RaftCore core = Follower();
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 12, term: 1)));
        MakeDurable(core);
        Assert.True(core.OnSnapshotReceived(Snapshot(index: 10, term: 1)));
        Take(core);
        Assert.True(_output.RestoreKeepsLog);
        Assert.Equal((new LogIndex(10), new LogIndex(12)), (core.Log.BaseIndex, core.Log.LastIndex));
    }

    [Fact]
    public void RoleChangedIsReported_WhenOnlyTheTermChanges()
    {
        RaftCore core = Follower();
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, entries: []));
        MakeDurable(core);
        Assert.False(Take(core).RoleChanged);
        core.Step(Append(term: 2, previous: 0, previousTerm: 0, entries: []));
        Assert.True(Take(core).RoleChanged, "The same member leads again, but in another term.");
    }

    [Fact]
    public void TwoLeadersInATermStopTheReplica_AlsoWhenTheFirstLedTheTermBefore()
    {
        RaftCore core = Follower();
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, entries: []));
        core.Step(Append(term: 2, previous: 0, previousTerm: 0, entries: []));
        Assert.Throws<InvariantViolationException>(() => core.Step(Append(term: 2, previous: 0, previousTerm: 0, entries: [], from: 3)));
    }

    [Fact]
    public void ConflictBelowCommitStopsTheReplica_InsteadOfBeingSkipped()
    {
        RaftCore core = Follower();
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 5, term: 1), commit: 5));
        Assert.Throws<InvariantViolationException>(() =>
            core.Step(Append(term: 2, previous: 3, previousTerm: 1, Entries(from: 4, to: 6, term: 2))));
    }

    [Fact]
    public void LeaderCutOffStepsDown_HoweverOftenATransferIsAskedFor()
    {
        RaftCore core = Leader();
        for (int tick = 0; tick < 3 * Options.ElectionTicks; tick++)
        {
            core.TransferLeadership(new MemberId(3));
            core.Tick();
            Take(core);
        }

        Assert.NotEqual(RaftRole.Leader, core.Role);
    }

    [Fact]
    public void TransferIsGivenUpAfterAnElectionTimeout_AndProposalsAreTakenAgain()
    {
        RaftCore core = Leader();
        Assert.Equal(TransferStatus.Started, core.TransferLeadership(new MemberId(3)));
        Assert.Equal(ProposeStatus.NotLeader, core.Propose(new byte[1]).Status);
        for (int tick = 0; tick < Options.ElectionTicks; tick++)
        {
            core.Tick();
            core.Step(new RaftMessage { Kind = MessageKind.AppendEntriesReply, From = new MemberId(3), To = core.Self, Term = core.Term, Accepted = true });
        }

        Assert.Equal(ProposeStatus.Accepted, core.Propose(new byte[1]).Status);
    }

    [Fact]
    public void RaisedTimeStampsTheNextEntry_AndGoesOnFromThere()
    {
        RaftCore core = Leader();
        LogTime raised = new(core.Now.Milliseconds + 5_000);
        core.RaiseTime(raised);
        LogIndex first = core.Propose(new byte[1]).Index;
        Assert.Equal(raised, core.Log[first].Time);
        core.RaiseTime(LogTime.Zero);
        core.Tick();
        Assert.Equal(raised.Milliseconds + Options.TickMilliseconds, core.Log[core.Propose(new byte[1]).Index].Time.Milliseconds);
    }

    [Fact]
    public void RaisedTimeIsIgnored_OnAFollower()
    {
        RaftCore core = Follower();
        core.RaiseTime(new LogTime(5_000));
        Assert.Equal(LogTime.Zero, core.Now);
    }

    [Fact]
    public void OldAppendUndoesNothing_WhenNewerEntriesAreThere()
    {
        RaftCore core = Follower(); // R3
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 3, term: 1)));
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 1, term: 1)));
        Assert.Equal(new LogIndex(3), core.Log.LastIndex);
    }

    [Fact]
    public void HeartbeatIsRefused_WhenTheEntryBeforeItIsAnother()
    {
        RaftCore core = Follower(); // R4
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 3, term: 1)));
        MakeDurable(core);
        core.Step(Append(term: 2, previous: 3, previousTerm: 2, entries: [], commit: 3));
        MakeDurable(core);
        RaftMessage reply = Assert.Single(_sent, message => message.Term == new Term(2));
        Assert.False(reply.Accepted);
        Assert.Equal(LogIndex.Zero, core.Commit);
    }

    [Fact]
    public void TailOfUnknownWorthIsNotCommitted_WhenTheHeartbeatEndsBeforeIt()
    {
        RaftCore core = Follower(); // R5
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 3, term: 1)));
        core.Step(Append(term: 2, previous: 1, previousTerm: 1, entries: [], commit: 3));
        Assert.Equal(new LogIndex(1), core.Commit);
    }

    [Fact]
    public void AppendFromBeforeTheSnapshotIsAnsweredWithTheCommitIndex()
    {
        RaftCore core = Follower(); // R16
        Assert.True(core.OnSnapshotReceived(Snapshot(index: 100, term: 1)));
        MakeDurable(core);
        _sent.Clear();
        core.Step(Append(term: 1, previous: 50, previousTerm: 1, Entries(from: 51, to: 60, term: 1)));
        core.Step(Append(term: 1, previous: 95, previousTerm: 1, Entries(from: 96, to: 103, term: 1)));
        MakeDurable(core);
        Assert.Equal([new LogIndex(100), new LogIndex(103)], _sent.Select(message => message.Match));
        Assert.Equal(new LogIndex(103), core.Log.LastIndex);
    }

    [Fact]
    public void StaleReplyMovesNothingBack_WhenTwoCrossOnTheWay()
    {
        RaftCore core = Leader(); // R2
        for (int i = 0; i < 3; i++) core.Propose(new byte[1]);
        MakeDurable(core);
        core.Step(Acknowledge(core, from: 2, match: 4));
        Assert.Equal(new LogIndex(4), core.Commit);
        core.Step(Acknowledge(core, from: 2, match: 1));
        core.Step(Acknowledge(core, from: 3, match: 2));
        Assert.Equal(new LogIndex(4), core.Commit);
    }

    [Fact]
    public void FirstWriteIsNotTakenForTheThird_WhenTheSameEntryComesBack()
    {
        RaftCore core = Follower(); // M9: 2 of term 1, 2 of term 2, 2 of term 1 again, all on their way at once
        core.Step(Append(term: 1, previous: 0, previousTerm: 0, Entries(from: 1, to: 1, term: 1)));
        MakeDurable(core);
        core.Step(Append(term: 1, previous: 1, previousTerm: 1, Entries(from: 2, to: 2, term: 1)));
        DurabilityToken first = Take(core).Token!.Value;
        core.Step(Append(term: 2, previous: 1, previousTerm: 1, Entries(from: 2, to: 2, term: 2)));
        DurabilityToken second = Take(core).Token!.Value;
        core.Step(Append(term: 3, previous: 1, previousTerm: 1, [.. Entries(from: 2, to: 2, term: 1), .. Entries(from: 3, to: 3, term: 3)]));
        DurabilityToken third = Take(core).Token!.Value;

        foreach (DurabilityToken token in new[] { first, second })
        {
            core.OnAppended(token);
            Take(core);
            Assert.Equal(new LogIndex(1), core.Durable);
            Assert.DoesNotContain(_sent, message => message.Term == new Term(3));
        }

        core.OnAppended(third);
        Take(core);
        Assert.Equal(new LogIndex(3), core.Durable);
        Assert.Equal(new LogIndex(3), Assert.Single(_sent, message => message.Term == new Term(3)).Match);
    }

    [Fact]
    public void VoteIsNotGivenTwiceInATerm_AfterACrashInBetween()
    {
        RaftCore core = Follower(); // R8: the vote given before the crash is still there
        core.Step(Vote(term: 5, from: 3));
        MakeDurable(core);
        RaftCore again = new(Options, new GroupId("g1", 1), core.Self, new RaftRestore { HardState = _durable, InitialMembership = Three }, 2);
        again.Step(Vote(term: 5, from: 1));
        MakeDurable(again);
        Assert.False(_sent[^1].Accepted);
        Assert.Equal(new MemberId(3), again.Vote);
    }

    private static readonly RaftOptions Options = new() { ElectionTicks = 10, HeartbeatTicks = 3, RetransmitTicks = 10 };
    private static readonly Membership Three = Membership.Initial([("n1", Guid.Empty), ("n2", Guid.Empty), ("n3", Guid.Empty)]);
    private readonly List<RaftMessage> _sent = [];
    private HardState _durable;

    private static RaftCore Follower() => new(Options, new GroupId("g1", 1), new MemberId(2), new RaftRestore { InitialMembership = Three }, seed: 1);

    /// <summary>Member 1, elected by member 2 in term 1, with its no-op at index 1 committed.</summary>
    private RaftCore Leader()
    {
        RaftCore core = new(Options, new GroupId("g1", 1), new MemberId(1), new RaftRestore { InitialMembership = Three }, seed: 1);
        core.StartElection();
        core.Step(VoteReply(preVote: true));
        MakeDurable(core);
        core.Step(VoteReply(preVote: false));
        MakeDurable(core);
        core.Step(Acknowledge(core, from: 2, match: 1));
        Assert.Equal((RaftRole.Leader, new LogIndex(1)), (core.Role, core.Commit));
        return core;
    }

    private RaftOutput Take(RaftCore core)
    {
        core.TakeOutput(_output);
        _sent.AddRange(_output.Messages);
        _durable = _output.HardState ?? _durable;
        return _output;
    }

    private void MakeDurable(RaftCore core)
    {
        if (Take(core).Token is { } token) core.OnAppended(token);
        Take(core);
    }

    private static RaftMessage Vote(long term, int from) => new()
    {
        Kind = MessageKind.RequestVote, From = new MemberId(from), To = new MemberId(2), Term = new Term(term),
    };

    private static RaftMessage VoteReply(bool preVote) => new()
    {
        Kind = MessageKind.RequestVoteReply, From = new MemberId(2), To = new MemberId(1), Term = new Term(1), PreVote = preVote, Accepted = true,
    };

    private static RaftMessage Acknowledge(RaftCore core, int from, long match) => new()
    {
        Kind = MessageKind.AppendEntriesReply, From = new MemberId(from), To = core.Self, Term = core.Term, Accepted = true, Match = new LogIndex(match),
    };

    private static RaftMessage Append(long term, long previous, long previousTerm, LogEntry[] entries, long commit = 0, int from = 1) => new()
    {
        Kind = MessageKind.AppendEntries, From = new MemberId(from), To = new MemberId(2), Term = new Term(term),
        Index = new LogIndex(previous), IndexTerm = new Term(previousTerm), Entries = entries, Commit = new LogIndex(commit),
    };

    private static LogEntry[] Entries(long from, long to, long term)
    {
        LogEntry[] entries = new LogEntry[to - from + 1];
        for (int i = 0; i < entries.Length; i++) entries[i] = new LogEntry(new LogIndex(from + i), new Term(term), EntryKind.Command, default, new byte[4]);
        return entries;
    }

    private static RaftMessage Snapshot(long index, long term) => new()
    {
        Kind = MessageKind.InstallSnapshot, From = new MemberId(1), To = new MemberId(2), Term = new Term(term), TotalBytes = 1,
        Snapshot = new SnapshotMetadata(new LogIndex(index), new Term(term), default, Three),
    };
}
