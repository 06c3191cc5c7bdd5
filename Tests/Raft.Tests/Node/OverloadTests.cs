using Quorleans.Raft.Node;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Whatever is slow or hangs, and however much is wanted: nothing grows beyond its limit, what is refused is refused at once, and what is taken ends.</summary>
public sealed class OverloadTests
{
    private const int Limit = 100;
    private const int EntryBytes = 32 << 10;
    private static readonly RaftOptions Small = new() { MaxPendingEntries = Limit, MaxPendingReads = Limit, MaxEntryBytes = 64 << 10, MaxPendingBytes = 1 << 20 };

    [Fact]
    public void TooManyBatches_AreRefusedAtOnce_AndTakenAgain_WhenTheOthersHaveEnded()
    {
        VirtualTrio trio = new(Small);
        string leader = trio.AwaitLeader();
        HangFollowersOf(trio, leader);
        Task<Outcome>[] taken = [.. Enumerable.Range(0, Limit).Select(_ => trio.Propose(leader, 1))];
        Assert.All(taken, static outcome => Assert.False(outcome.IsCompleted));
        trio.Tick(20);

        // Before the loop runs: it has no part in it.
        Task<Outcome> refused = trio[leader].ProposeAsync(VirtualTrio.Group, 1, new byte[1]);
        Assert.True(refused.IsCompleted);
        Assert.Equal(OutcomeStatus.Busy, VirtualTrio.ResultOf(refused).Status);
        Assert.Equal(20 * Small.TickMilliseconds, VirtualTrio.ResultOf(refused).RetryAfterMs);
        Assert.Equal((Limit, Limit), (trio[leader].Load.Submissions, (int)trio.State(leader).PendingEntries));

        trio.Hung.Clear();
        trio.Tick(2 * Small.RetransmitTicks);
        Assert.All(taken, static outcome => Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(outcome)));
        Assert.Equal((0, 0L, 1L), (trio[leader].Load.Submissions, trio[leader].Load.SubmissionBytes, trio[leader].Load.Refused));
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, 2)));
    }

    [Fact]
    public void AFullGroup_LeavesRoomForTheOthersOfItsNode_ByDefault()
    {
        RaftNodeOptions node = new() { ClusterId = Guid.Empty, Node = "n1", NodeId = Guid.Empty };
        Assert.InRange(node.MaxSubmissions, 2 * (node.Raft.MaxPendingEntries + node.Raft.MaxPendingReads), int.MaxValue);
        Assert.InRange(node.MaxSubmissionBytes, 2 * (2 * node.Raft.MaxPendingBytes), long.MaxValue);
    }

    [Fact]
    public void BatchesThatTheLoopHasNotSeen_Count()
    {
        VirtualTrio trio = new(Small);
        string leader = trio.AwaitLeader();
        Task<Outcome>[] outcomes = [.. Enumerable.Range(0, Limit + 7).Select(_ => trio[leader].ProposeAsync(VirtualTrio.Group, 1, new byte[1]))];
        Assert.Equal(7, outcomes.Count(static outcome => VirtualTrio.StatusOf(outcome) == OutcomeStatus.Busy));
        trio.Settle();
        Assert.Equal(Limit, outcomes.Count(static outcome => VirtualTrio.StatusOf(outcome) == OutcomeStatus.Ok));
    }

    [Fact]
    public void TooManyBytes_AreRefused()
    {
        VirtualTrio trio = new(Small);
        string leader = trio.AwaitLeader();
        HangFollowersOf(trio, leader);
        Task<Outcome>[] outcomes = [.. Enumerable.Range(0, 2 * (int)Small.MaxPendingBytes / EntryBytes).Select(_ => trio.Propose(leader, new byte[EntryBytes]))];
        Assert.InRange(outcomes.Count(static outcome => !outcome.IsCompleted), 28, (int)Small.MaxPendingBytes / EntryBytes);
        Assert.InRange(trio[leader].Load.SubmissionBytes, 1, Small.MaxPendingBytes);
        Assert.InRange(trio.State(leader).PendingBytes, 1, Small.MaxPendingBytes);
    }

    [Fact]
    public void ANodesLimitHoldsOverItsGroups_AndNotForWhatTheClusterNeeds()
    {
        VirtualTrio trio = new(Small, groups: 3, configure: static options => options with { MaxSubmissions = 10 });
        HangFollowersOf(trio, trio.AwaitLeader());
        string leader = trio.Leader()!;
        int taken = Enumerable.Range(0, 30).Count(i => !trio[leader].ProposeAsync($"g{(i % 3) + 1}", 1, new byte[1]).IsCompleted);
        Assert.Equal(10, taken);

        Task<Outcome> urgent = trio[leader].ProposeAsync(VirtualTrio.Group, 1, new byte[1], isUrgent: true);
        trio.Hung.Clear();
        trio.Tick(4 * Small.RetransmitTicks);
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(urgent));
        Assert.Equal(0, trio[leader].Load.Submissions);
    }

    [Fact]
    public void UrgentProposals_GoBeforeClients_ButNotWithoutAnyLimit()
    {
        VirtualTrio trio = new(Small);
        string leader = trio.AwaitLeader();
        HangFollowersOf(trio, leader);
        for (int i = 0; i <= Limit; i++) trio.Propose(leader, 1);
        Task<Outcome>[] urgent = [.. Enumerable.Range(0, 100).Select(_ => trio[leader].ProposeAsync(VirtualTrio.Group, 1, new byte[EntryBytes], isUrgent: true))];
        trio.Settle();
        Assert.InRange(urgent.Count(static outcome => !outcome.IsCompleted), 60, 64);
        Assert.InRange(trio.State(leader).PendingBytes, Small.MaxPendingBytes, 2 * Small.MaxPendingBytes);
        Assert.Contains(urgent, static outcome => VirtualTrio.StatusOf(outcome) == OutcomeStatus.Busy);
    }

    [Fact]
    public void ReadsOfAFollowerThatDoesNotGetOn_AreBounded()
    {
        VirtualTrio trio = new(Small);
        string leader = trio.AwaitLeader();
        string follower = VirtualTrio.Names.First(name => name != leader);
        trio.Hung.Add(follower);
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, 1)));
        trio.Tick(Small.RetransmitTicks);
        List<Task<Outcome>> reads = [];
        for (int i = 0; i < 3 * Limit; i++)
        {
            reads.Add(trio[follower].QueryAsync(VirtualTrio.Group, 1, new byte[1], onFollower: true));
            trio.Tick();
        }

        Assert.Equal(Limit, reads.Count(static read => !read.IsCompleted));
        trio.Hung.Clear();
        trio.Tick(16 * Small.RetransmitTicks);
        Assert.All(reads, static read => Assert.Contains(VirtualTrio.ResultOf(read).Status, (OutcomeStatus[])[OutcomeStatus.Ok, OutcomeStatus.Busy]));
        Assert.Equal(0, trio.State(follower).Reads);
    }

    [Fact]
    public void AFollowerWhoseDiskHangs_IsSentLittle_AndKeepsLittleOfIt()
    {
        VirtualTrio trio = new();
        string leader = trio.AwaitLeader();
        string follower = VirtualTrio.Names.First(name => name != leader);
        trio.Hung.Add(follower);
        trio.CarriedBytes.Clear();
        for (int i = 0; i < 40; i++) Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, new byte[EntryBytes])));

        // One minute and a half. Sent every 250 ms, what it lacks would be more than 300 MiB, each byte of which it would keep.
        for (int i = 0; i < 90; i++)
        {
            trio.Tick(100);
            ReplicaState state = trio.State(follower);
            Assert.InRange(state.WaitingRequests, 1, 1024);
            Assert.InRange(state.WaitingRequestBytes, 1, 16 << 20);
        }

        Assert.InRange(trio.CarriedBytes[follower], 1, 56 << 20);
        Assert.Equal(leader, trio.State(follower).Leader);
        trio.Hung.Clear();
        trio.Tick(16 * trio.Raft.RetransmitTicks);
        Assert.Equal(trio.State(leader).Commit, trio.State(follower).Applied);
        Assert.Equal((0, 0L), (trio.State(follower).WaitingRequests, trio.State(follower).WaitingRequestBytes));
    }

    [Fact]
    public void HeartbeatsThatAHungDiskKeepsFromBeingAnswered_AreBounded()
    {
        VirtualTrio trio = new();
        string old = trio.AwaitLeader();
        string hung = VirtualTrio.Names.First(name => name != old);
        Term before = trio.State(old).Term;
        trio.Hung.Add(hung);

        // A leader of another term: the hung node may not even say that it has heard of it before its disk knows the term.
        Task<TransferStatus> transfer = trio[old].TransferLeadershipAsync(VirtualTrio.Group, VirtualTrio.Names.First(name => name != old && name != hung));
        for (int i = 0; i < 80; i++)
        {
            trio.Tick(100);
            Assert.InRange(trio.State(hung).WaitingRequests, 0, 1024);
        }

        Assert.Equal(TransferStatus.Started, VirtualTrio.ResultOf(transfer));
        Assert.True(trio.State(hung).Term > before);
        Assert.Equal(1024, trio.State(hung).WaitingRequests);
        trio.Hung.Clear();
        trio.Tick(16 * trio.Raft.RetransmitTicks);
        Assert.Equal(0, trio.State(hung).WaitingRequests);
        Assert.Equal(trio.State(trio.Leader()!).Commit, trio.State(hung).Applied);
    }

    [Fact]
    public void ALogThatSnapshotsDoNotKeepUpWith_TakesNoMore_UntilTheyDo()
    {
        RaftOptions raft = Small with { MaxPendingBytes = 64 << 10 };
        VirtualTrio trio = new(raft, configure: static options => options with { SnapshotThresholdBytes = 64 << 10, SnapshotGrowth = 0, RetainedBytes = 0 });
        string leader = trio.AwaitLeader();
        const long Longest = (4 * (64 << 10)) + (2 * (64 << 10));
        trio.WithoutSnapshots.Add(leader);
        int taken = 0;
        while (VirtualTrio.StatusOf(trio.Propose(leader, new byte[EntryBytes])) == OutcomeStatus.Ok) Assert.True(++taken < 100, "It takes more and more.");
        Assert.Equal(OutcomeStatus.Busy, VirtualTrio.StatusOf(trio.Propose(leader, 1)));
        Assert.InRange(trio.State(leader).LogBytes, Longest / 2, Longest + EntryBytes + 1024);

        trio.WithoutSnapshots.Clear();
        trio.Tick(10);
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, 1)));
    }

    [Fact]
    public void AFollowerWithoutSnapshots_TakesNoMore_AndDisturbsNobody()
    {
        RaftOptions raft = Small with { MaxPendingBytes = 64 << 10 };
        VirtualTrio trio = new(raft, configure: static options => options with { SnapshotThresholdBytes = 64 << 10, SnapshotGrowth = 0 });
        string leader = trio.AwaitLeader();
        string follower = VirtualTrio.Names.First(name => name != leader);
        const long Longest = (4 * (64 << 10)) + (2 * (64 << 10));
        trio.WithoutSnapshots.Add(follower);
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, new byte[EntryBytes])));
            trio.Tick();
        }

        trio.Tick(4 * raft.RetransmitTicks);
        Assert.InRange(trio.State(follower).LogBytes, Longest / 2, Longest + EntryBytes + 1024);
        Assert.Equal(leader, trio.Leader());
        trio.WithoutSnapshots.Clear();
        trio.Tick(16 * raft.RetransmitTicks);
        Assert.Equal(trio.State(leader).Commit, trio.State(follower).Applied);
    }

    private static void HangFollowersOf(VirtualTrio trio, string leader)
    {
        foreach (string name in VirtualTrio.Names.Where(name => name != leader)) trio.Hung.Add(name);
    }
}
