using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Members that come and go on real nodes: replicas are made because a configuration names their disk, and deleted because the group removed them.</summary>
public sealed class MembershipTests
{
    private const string Group = VirtualTrio.Group;

    [Fact]
    public void ReplicaIsMadeAndCatchesUp_WhenALeaderAddsItsNode()
    {
        VirtualTrio nodes = new(spares: 1);
        string leader = Commit(nodes, 1, 2, 3);
        MembershipOutcome? added = nodes.Change(leader, Add(nodes, leader, "n4"));
        Assert.True(added is { IsDone: true, Error: null, Membership: not null }, added?.Error);
        nodes.Tick(50);
        Assert.True(nodes["n4"].HasGroup(Group));
        Assert.Equal(3, nodes.Machine("n4").Count);

        Member learner = Assert.Single(added!.Membership!.Learners);
        MembershipOutcome? promoted = nodes.Change(leader, From(nodes, leader) with { Promote = [learner.Id] });
        Assert.True(promoted is { IsDone: true }, promoted?.Error);
        Assert.Equal(["n1", "n2", "n3", "n4"], promoted!.Membership!.Voters.Select(voter => voter.Node));
        Assert.False(promoted.Membership!.IsJoint);
        Assert.Equal(new LedgerEntry(Group, 1, 4, Removed: false), nodes["n4"].FindPast(Group));
    }

    /// <summary>Found by the simulator: seeds 76 and 130, profile sharded.</summary>
    [Fact]
    public void FirstMemberIsMade_ThoughItsNodeWasDownWhenTheGroupBegan()
    {
        VirtualTrio nodes = new(late: "n2");
        string leader = Commit(nodes, 1, 2);
        nodes.Tick(100);
        Assert.True(nodes["n2"].HasGroup(Group), "A voter without a replica stayed so.");
        Assert.Equal(new MemberId(2), nodes.State("n2").Self);
        Assert.Equal(2, nodes.Machine("n2").Count);
        Assert.Equal(leader, nodes.State("n2").Leader);
    }

    [Fact]
    public async Task RemovedReplicaIsDeletedForGood_AndItsNodeMayJoinAgainAsAnotherMember()
    {
        VirtualTrio nodes = new();
        string leader = Commit(nodes, 1);
        string gone = Array.Find(VirtualTrio.Names, name => name != leader)!;
        (SimulatedDisk disk, Guid id) = (nodes.Disk(gone), nodes.NodeId(gone));
        Assert.True(nodes.Change(leader, From(nodes, leader) with { Remove = [nodes.State(gone).Self] }) is { IsDone: true });
        nodes.Tick(100); // it misses its leader, asks, and is told
        Assert.False(nodes[gone].HasGroup(Group));
        Assert.True(nodes[gone].FindPast(Group) is { Removed: true });
        Outcome refusal = await nodes.Propose(gone, 9); // and sends clients on
        Assert.Equal(OutcomeStatus.Unavailable, refusal.Status);
        Assert.Contains(refusal.Leader, VirtualTrio.Names.Where(name => name != gone));

        nodes.Crash(gone);
        nodes.Start(gone, disk, id);
        Assert.False(nodes[gone].HasGroup(Group), "It came back with a replica that was deleted.");
        Assert.True(nodes.Change(leader, Add(nodes, leader, gone)) is { IsDone: true });
        nodes.Tick(50);
        Assert.Equal(new MemberId(4), nodes.State(gone).Self);
        Assert.Equal(1, nodes.Machine(gone).Count);
    }

    /// <summary>Found by the simulator: seeds 257 and 1604, profile sharded.</summary>
    [Fact]
    public void ReplicaLearnsThatItWasRemoved_FromANodeThatCameBackAsAnotherMember()
    {
        VirtualTrio nodes = new(spares: 1);
        string leader = Commit(nodes, 1, 2);
        string[] followers = [.. VirtualTrio.Names.Where(name => name != leader)];
        (string away, string returning) = (followers[0], followers[1]);
        (SimulatedDisk disk, Guid id, MemberId removed) = (nodes.Disk(away), nodes.NodeId(away), nodes.State(away).Self);
        nodes.Crash(away);
        Join(nodes, leader, "n4");
        Assert.True(nodes.Change(leader, From(nodes, leader) with { Remove = [removed] }) is { IsDone: true });
        Assert.True(nodes.Change(leader, From(nodes, leader) with { Remove = [nodes.State(returning).Self] }) is { IsDone: true });
        nodes.Tick(100);
        Assert.False(nodes[returning].HasGroup(Group));
        Join(nodes, leader, returning);
        Assert.True(nodes.Change(leader, From(nodes, leader) with { Remove = [nodes.State(leader).Self] }) is { IsDone: true });
        nodes.Tick(100);
        Assert.False(nodes[leader].HasGroup(Group));

        // All that the one which was away knows: a node without a replica, and one that is another member now.
        nodes.Start(away, disk, id);
        nodes.Tick(100);
        Assert.False(nodes[away].HasGroup(Group), "It still asks the members that it knew.");
        Assert.True(nodes[away].FindPast(Group) is { Removed: true });
    }

    [Fact]
    public void RemovedLeaderAnswersThatItIsDone_AndAnotherLeadsSoon()
    {
        VirtualTrio nodes = new();
        string leader = Commit(nodes, 1);
        Assert.True(nodes.Change(leader, From(nodes, leader) with { Remove = [nodes.State(leader).Self] }) is { IsDone: true });
        nodes.Tick(2);
        string next = nodes.AwaitLeader();
        Assert.NotEqual(leader, next);
        Assert.False(nodes[leader].HasGroup(Group));
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(nodes.Propose(next, 2)));
    }

    [Fact]
    public void DeletionIsFinished_WhenACrashCameBetweenItsNoteAndItsRecord()
    {
        VirtualTrio nodes = new();
        string leader = Commit(nodes, 1);
        string gone = Array.Find(VirtualTrio.Names, name => name != leader)!;
        (SimulatedDisk disk, Guid id, MemberId self) = (nodes.Disk(gone), nodes.NodeId(gone), nodes.State(gone).Self);
        nodes.Crash(gone);
        ReplicaLedger.Read(disk).Note(new LedgerEntry(Group, 1, self.Value, Removed: true));
        nodes.Start(gone, disk, id);
        Assert.False(nodes[gone].HasGroup(Group));
        nodes.Tick(5);
        nodes.Crash(gone);
        nodes.Start(gone, disk, id);
        Assert.False(nodes[gone].HasGroup(Group));
    }

    [Fact]
    public void MemberNeverBeginsAgain_WhenItsDiskHasLostItsLog()
    {
        VirtualTrio nodes = new(spares: 1);
        string leader = Commit(nodes, 1);
        Assert.True(nodes.Change(leader, Add(nodes, leader, "n4")) is { IsDone: true });
        nodes.Tick(50);
        (SimulatedDisk disk, Guid id) = (nodes.Disk("n4"), nodes.NodeId("n4"));
        nodes.Crash("n4");
        foreach (string file in disk.List())
            if (file.StartsWith("wal-", StringComparison.Ordinal)) disk.Delete(file);
        disk.SyncDirectory();
        nodes.Start("n4", disk, id);
        nodes.Tick(100);
        Assert.False(nodes["n4"].HasGroup(Group), "The leader has made a member that forgot what it acknowledged.");
        Task again = nodes.Create("n4", new MemberId(4), nodes.State(leader).Membership);
        Assert.IsType<RaftRefusedException>(again.Exception?.InnerException);
    }

    [Fact]
    public void MemberNeverBegins_OnAnotherDiskThanItIsBoundTo()
    {
        VirtualTrio nodes = new(spares: 1);
        string leader = Commit(nodes, 1);
        MembershipChange change = Add(nodes, leader, "n4");
        nodes.Crash("n4");
        nodes.Start("n4", new SimulatedDisk(99), Guid.NewGuid());
        Assert.True(nodes.Change(leader, change) is { IsDone: true });
        nodes.Tick(100);
        Assert.False(nodes["n4"].HasGroup(Group), "A disk has become a member that is bound to another.");
    }

    [Fact]
    public void JoinSurvivesACrash_BetweenItsRecordAndItsNote()
    {
        VirtualTrio nodes = new(spares: 1);
        string leader = Commit(nodes, 1, 2);
        (SimulatedDisk disk, Guid id) = (nodes.Disk("n4"), nodes.NodeId("n4"));
        Assert.True(nodes.Change(leader, Add(nodes, leader, "n4")) is { IsDone: true });
        nodes.Tick(50);
        nodes.Crash("n4");
        disk.Delete(ReplicaLedger.FileName);
        disk.SyncDirectory();
        nodes.Start("n4", disk, id);
        Assert.Equal(new LedgerEntry(Group, 1, 4, Removed: false), nodes["n4"].FindPast(Group));
        nodes.Tick(50);
        Assert.Equal(2, nodes.Machine("n4").Count);
    }

    [Fact]
    public void ChangeIsRefused_WithTheReason()
    {
        VirtualTrio nodes = new();
        string leader = Commit(nodes, 1);
        string other = Array.Find(VirtualTrio.Names, name => name != leader)!;
        Assert.Equal(MembershipChangeStatus.NotLeader, nodes.Change(other, From(nodes, other))!.Status);
        Assert.Equal(leader, nodes.Change(other, From(nodes, other))!.Leader);
        Assert.Equal(MembershipChangeStatus.Stale, nodes.Change(leader, new MembershipChange { Expected = new LogIndex(7) })!.Status);
        Assert.Equal(MembershipChangeStatus.Unchanged, nodes.Change(leader, From(nodes, leader))!.Status);
        nodes[leader].Kill("ended");
        Assert.Null(nodes.Change(leader, new MembershipChange { Expected = default })!.Status);
    }

    private static string Commit(VirtualTrio nodes, params byte[] commands)
    {
        string leader = nodes.AwaitLeader();
        nodes.Tick(5);
        foreach (byte command in commands) Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(nodes.Propose(leader, command)));
        return leader;
    }

    private static MembershipChange From(VirtualTrio nodes, string node) => new() { Expected = nodes.State(node).Membership.Index };

    private static MembershipChange Add(VirtualTrio nodes, string leader, string node) =>
        From(nodes, leader) with { Add = [new NewMember(node, nodes.NodeId(node))] };

    private static void Join(VirtualTrio nodes, string leader, string node)
    {
        MembershipOutcome? added = nodes.Change(leader, Add(nodes, leader, node));
        Assert.True(added is { IsDone: true }, added?.Error);
        nodes.Tick(50);
        MembershipOutcome? promoted = nodes.Change(leader, From(nodes, leader) with { Promote = [Assert.Single(added!.Membership!.Learners).Id] });
        Assert.True(promoted is { IsDone: true }, promoted?.Error);
    }
}
