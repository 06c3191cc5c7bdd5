using Quorleans.Raft.Node;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

public sealed class DiskWatchdogTests
{
    [Fact]
    public void HungSync_MakesTheLeaderStepDownWithinOneAndAHalfElectionTimeouts()
    {
        VirtualTrio trio = new();
        string old = trio.AwaitLeader();
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(old, 1)));

        trio.Hung.Add(old);
        Task<Outcome> hanging = trio.Propose(old, 2);
        int ticks = 0;
        while (trio.Leader() is not { } leader || leader == old)
        {
            trio.Tick();
            Assert.True(++ticks <= trio.Raft.ElectionTicks * 3 / 2, $"{old} still leads after {ticks} ticks of a hung sync.");
        }

        // Not at the first slow sync either: a disk may take its time.
        Assert.True(ticks >= trio.Raft.ElectionTicks, $"{ticks} ticks");
        Assert.Equal(OutcomeStatus.Unknown, VirtualTrio.StatusOf(hanging));
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(trio.Leader()!, 3)));
    }

    [Fact]
    public void HungNode_DisturbsNobodyWhileItHangs_AndFollowsWhenTheDiskAnswersAgain()
    {
        VirtualTrio trio = new();
        string old = trio.AwaitLeader();
        trio.Hung.Add(old);
        trio.Propose(old, 1);
        trio.Tick(2 * trio.Raft.ElectionTicks);
        string leader = trio.Leader()!;
        Term term = trio.State(leader).Term;
        Assert.NotEqual(old, leader);

        // Its clock goes on: it knows the new leader, and takes its entries in.
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(trio.Propose(leader, 2)));
            trio.Tick(trio.Raft.ElectionTicks);
        }

        Assert.Equal(leader, trio.State(old).Leader);
        trio.Hung.Clear();
        trio.Tick(4 * trio.Raft.ElectionTicks);
        Assert.Equal((leader, term), (trio.Leader(), trio.State(leader).Term));
        Assert.Equal(trio.State(leader).Commit, trio.State(old).Applied);
    }

    [Fact]
    public void HungNodeDoesNotCampaign_SinceItCouldNotEvenVoteForItself()
    {
        VirtualTrio trio = new();
        string leader = trio.AwaitLeader();
        string[] others = [.. VirtualTrio.Names.Where(name => name != leader)];
        trio.Propose(leader, 1);
        Term term = trio.State(leader).Term;
        trio.Hung.Add(others[0]);
        trio.Propose(leader, 2);
        trio.Tick(2 * trio.Raft.ElectionTicks);

        // Now the leader is gone: the third would vote for it, but not it for itself.
        trio[leader].Kill("gone");
        for (int i = 0; i < 10 * trio.Raft.ElectionTicks; i++)
        {
            trio.Tick();
            Assert.Equal(RaftRole.Follower, trio.State(others[0]).Role);
        }

        Assert.True(trio.State(others[1]).Term > term);
        trio.Hung.Clear();
        trio.Tick(4 * trio.Raft.ElectionTicks);
        Assert.NotNull(trio.Leader());
    }

    [Fact]
    public void LeaderStays_WhenTheOthersHangToo()
    {
        // Three embedded nodes share one disk: when it hangs for all, another leader would be no better.
        VirtualTrio trio = new();
        string leader = trio.AwaitLeader();
        foreach (string name in VirtualTrio.Names) trio.Hung.Add(name);
        Task<Outcome> hanging = trio.Propose(leader, 1);
        trio.Tick(10 * trio.Raft.ElectionTicks);
        Assert.Equal(leader, trio.Leader());
        trio.Hung.Clear();
        trio.Tick();
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(hanging));
    }

    [Fact]
    public void LeaderStays_WhenOnlyAMinorityGetsOn()
    {
        // Another leader would need a majority of disks that work.
        VirtualTrio trio = new();
        string leader = trio.AwaitLeader();
        trio.Hung.Add(leader);
        trio.Hung.Add(VirtualTrio.Names.First(name => name != leader));
        Task<Outcome> hanging = trio.Propose(leader, 1);
        trio.Tick(5 * trio.Raft.ElectionTicks);
        Assert.Equal(leader, trio.Leader());
        trio.Hung.Clear();
        trio.Tick();
        Assert.Equal(OutcomeStatus.Ok, VirtualTrio.StatusOf(hanging));
    }
}
