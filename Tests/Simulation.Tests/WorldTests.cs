using System.Text;
using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Quorleans.Raft.Storage;
using Xunit;

namespace Quorleans.Simulation.Tests;

/// <summary>The world by itself, and the smallest cluster in it: how everything else here uses it.</summary>
public sealed class WorldTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public void Events_HappenByTime_AndInOrderOfPlanningWithinOne()
    {
        World world = new(seed: 1);
        List<string> happened = [];
        world.After(30, () => happened.Add("c"));
        world.After(10, () =>
        {
            happened.Add("a");
            world.After(20, () => happened.Add("d"));
        });
        world.After(10, () => happened.Add("b"));
        world.RunUntil(100);
        Assert.Equal(["a", "b", "c", "d"], happened);
        Assert.Equal(100, world.NowUs);
    }

    [Fact]
    public void Heap_GivesManyEventsInOrder()
    {
        World world = new(seed: 2);
        List<long> times = [];
        for (int i = 0; i < 5_000; i++) world.After(world.Random.Below(1_000), () => times.Add(world.NowUs));
        world.RunUntil(1_000);
        Assert.Equal(times.Order(), times);
        Assert.Equal(5_000, times.Count);
    }

    [Fact]
    public void Cluster_ElectsALeader_AndKeepsWhatItAcknowledged_OverCrashesOfAll()
    {
        World world = new(seed: 3);
        SimulatedCluster cluster = Cluster(world);
        SimulatedClerk clerk = new(world, cluster.Network, "c1", new ClerkOptions());
        Assert.Null(Do(world, clerk, OperationKind.Put, "key", "value").Error);

        foreach (UnsyncedFate fate in new[] { UnsyncedFate.Lost, UnsyncedFate.Kept, UnsyncedFate.Random })
        {
            foreach (SimulatedNode node in cluster.Nodes) node.Crash(fate);
            cluster.Start();
            ClerkOperation read = Do(world, clerk, OperationKind.Get, "key");
            Assert.Equal("value", Encoding.UTF8.GetString(read.ResultValue.Span));
        }
    }

    [Fact]
    public void PausedLeader_IsReplaced_AndFollowsWhenItGoesOn()
    {
        World world = new(seed: 4);
        SimulatedCluster cluster = Cluster(world);
        Assert.True(world.RunUntil(() => cluster.Leader is not null, Limit));
        SimulatedNode old = cluster.Leader!;
        old.Pause();
        Assert.True(world.RunUntil(() => cluster.Leader != old, Limit));
        SimulatedNode next = cluster.Leader!;
        old.Resume();
        Assert.True(world.RunUntil(() => old.Core("g1")!.Role == RaftRole.Follower && old.Core("g1")!.Term == next.Core("g1")!.Term, Limit));
    }

    [Fact]
    public void PowerLostInTheMiddleOfABatch_TakesTheNodeDown_AndItRecovers()
    {
        World world = new(seed: 5);
        SimulatedCluster cluster = Cluster(world);
        SimulatedClerk clerk = new(world, cluster.Network, "c1", new ClerkOptions());
        Do(world, clerk, OperationKind.Put, "a", "1");
        SimulatedNode leader = cluster.Leader!;
        leader.Disk.CrashAt(leader.Disk.Operations, CrashMoment.Torn);
        Do(world, clerk, OperationKind.Put, "a", "2");
        Assert.False(leader.IsUp);
        Assert.True(cluster.Start(leader));
        world.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(cluster.Leader!.Core("g1")!.Commit, leader.Core("g1")!.Commit);
    }

    /// <summary>Seed 3928, profile sharded: nobody started such a node again, and its group waited for it for ever.</summary>
    [Fact]
    public void NodeWhoseDiskFailsWhileItsFirstReplicaIsMade_HasStopped()
    {
        World world = new(seed: 6);
        SimulatedCluster cluster = new(world, 3, new SimulatedNodeOptions { Machines = (_, _) => new KeyValueStateMachine() }, spares: 1);
        cluster.Start();
        Assert.True(world.RunUntil(() => cluster.Leader is not null, Limit));
        SimulatedNode spare = cluster.Nodes[3];
        Assert.False(spare.HasStopped);

        // Its log takes the replica; that it began, which is noted in a file of its own, finds the disk failing.
        spare.DiskTimes.AsideUs = 1_000_000;
        spare.CreateGroup(new GroupId("g2", 1), Membership.Initial([(spare.Name, spare.NodeId)]));
        world.RunFor(TimeSpan.FromMilliseconds(500));
        spare.Disk.FailWrites = true;
        world.RunFor(TimeSpan.FromSeconds(1));
        spare.Disk.FailWrites = false;
        Assert.Null(spare.Core("g2"));
        Assert.NotEqual(LogState.Failed, spare.Log!.State);
        Assert.True(spare.HasStopped);

        spare.DiskTimes.AsideUs = 0;
        spare.Crash(UnsyncedFate.Kept);
        Assert.True(cluster.Start(spare));
        world.RunFor(TimeSpan.FromSeconds(2));
        Assert.False(spare.HasStopped);
        Assert.NotNull(spare.Core("g2"));
    }

    private static SimulatedCluster Cluster(World world)
    {
        SimulatedCluster cluster = new(world, 3, new SimulatedNodeOptions { Machines = (_, _) => new KeyValueStateMachine() });
        cluster.Start();
        return cluster;
    }

    private static ClerkOperation Do(World world, SimulatedClerk clerk, OperationKind kind, string key, string value = "")
    {
        ClerkOperation operation = new(kind, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        bool done = false;
        clerk.Submit(operation, _ => done = true);
        Assert.True(world.RunUntil(() => done, Limit), "The operation never ended.");
        return operation;
    }
}
