using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Membership;

/// <summary>A running cluster whose group moves from node to node while clients work.</summary>
public sealed class MembershipTests(ITestOutputHelper output)
{
    [Fact]
    public async Task GroupMovesToOtherNodes_UnderLoad_WithALinearizableHistory()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(static options => options with { Nodes = 5 });
        OrleansClerk clerk = await cluster.ConnectAsync();
        IGroupAdministrator administrator = cluster.Administrator(clerk);
        RecordedLoad load = new(keys: 6);
        using CancellationTokenSource enough = new();
        Task running = load.RunAsync(clerk, callers: 6, enough.Token);
        CancellationToken cancel = TestContext.Current.CancellationToken;

        Assert.Equal("NotMember", (await cluster.ReplicaAsync("n4")).State);
        await administrator.AddReplicaAsync("g1", "n4", Log(), cancel);
        await administrator.ReplaceReplicaAsync("g1", "n1", "n5", Log(), cancel);
        string leader = await cluster.LeaderAsync();
        await administrator.RemoveReplicaAsync("g1", leader, Log(), cancel);
        await administrator.AddReplicaAsync("g1", leader, Log(), cancel);

        await enough.CancelAsync();
        await running;
        output.WriteLine($"{load.Count} operations");
        load.Verify();
        ReplicaStatus members = await administrator.GetMembersAsync("g1", cancel);
        Assert.Equal(["n2", "n3", "n4", "n5"], members.Members.Select(static member => member.Node).Order(StringComparer.Ordinal));
        Assert.All(members.Members, static member => Assert.Equal("Voter", member.Kind));
        Assert.Equal(members.Members.Count, members.Members.Select(static member => member.Id).Distinct().Count());
        await Eventually.Holds("n1 has deleted its replica", async () => (await cluster.ReplicaAsync("n1")).State == "NotMember");
        Assert.Contains("was removed", (await cluster.ReplicaAsync("n1")).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EverythingSurvivesARestart_AfterTheGroupMovedAway()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync(static options => options with { Nodes = 4 });
        OrleansClerk clerk = await cluster.ConnectAsync();
        await clerk.PutAsync("key", "value");
        await cluster.Administrator(clerk).ReplaceReplicaAsync("g1", "n1", "n4", Log(), TestContext.Current.CancellationToken);
        await Eventually.Holds("n1 has deleted its replica", async () => (await cluster.ReplicaAsync("n1")).State == "NotMember");
        await cluster.Cluster.RestartAsync();
        await cluster.SettledAsync(running: 3);
        Assert.Equal("NotMember", (await cluster.ReplicaAsync("n1")).State);
        Assert.Equal(4, (await cluster.ReplicaAsync("n4")).MemberId);
        // Who only knows a node that was removed is sent on.
        OrleansClerk late = await cluster.ConnectAsync(static options => options.Nodes = ["n1"]);
        Assert.Equal("value", await late.GetStringAsync("key"));
    }

    [Fact]
    public async Task EveryReplicaAnswersReads_WithWhatWasAcknowledgedBefore()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        ReplicaReader reader = cluster.Reader(clerk);
        for (int i = 0; i < 20; i++)
        {
            await clerk.PutAsync("key", $"{i}");
            foreach (string node in (string[])["n1", "n2", "n3"])
                Assert.Equal($"{i}", System.Text.Encoding.UTF8.GetString((await reader.GetAsync(node, "key"u8.ToArray())).Value.Span));
        }

        Assert.False((await reader.GetAsync("n2", "none"u8.ToArray())).Found);
        Assert.Contains("n9", (await Assert.ThrowsAsync<ClerkException>(() => reader.GetAsync("n9", "key"u8.ToArray()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WipedNodeComesBackAsAnotherMember_WhenItIsReplacedByItself()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        await clerk.PutAsync("key", "1");
        await cluster.Cluster.StopNodeAsync("n2");
        Directory.Move(Path.Combine(cluster.Data, "n2"), Path.Combine(cluster.Data, "lost"));
        await cluster.Cluster.StartNodeAsync("n2");
        Assert.Equal("NotMember", (await cluster.ReplicaAsync("n2")).State);

        await cluster.Administrator(clerk).ReplaceReplicaAsync("g1", "n2", "n2", Log(), TestContext.Current.CancellationToken);
        await clerk.PutAsync("key", "2");
        IReadOnlyList<ReplicaStatus> replicas = await cluster.SettledAsync(running: 3);
        ReplicaStatus again = replicas.Single(static replica => replica.Node == "n2");
        Assert.Equal((4, 1), (again.MemberId, again.Keys));
    }

    [Fact]
    public async Task ChangeThatLeavesNoLiveQuorumIsRefused_AndNamesWhoIsMissing()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        string leader = await cluster.LeaderAsync();
        string[] others = [.. ((string[])["n1", "n2", "n3"]).Where(node => node != leader)];
        await cluster.Cluster.StopNodeAsync(others[0], abrupt: true);
        IGroupAdministrator administrator = cluster.Administrator(clerk);
        await Eventually.Holds("the leader misses it", async () =>
            !(await administrator.GetMembersAsync("g1")).Members.Single(member => member.Node == others[0]).IsActive);
        MembershipException refused = await Assert.ThrowsAsync<MembershipException>(() => administrator.RemoveReplicaAsync("g1", others[1], Log()));
        Assert.True(refused.CanBeForced);
        Assert.Contains(others[0], refused.Message, StringComparison.Ordinal);
        Assert.Contains("not up", (await Assert.ThrowsAsync<MembershipException>(() => administrator.AddReplicaAsync("g1", "n9"))).Message, StringComparison.Ordinal);
        Assert.Contains("no replica on n9", (await Assert.ThrowsAsync<MembershipException>(() => administrator.RemoveReplicaAsync("g1", "n9"))).Message, StringComparison.Ordinal);

        // The dead one may go: the two that live are a majority before and after.
        await administrator.RemoveReplicaAsync("g1", others[0], Log());
        await clerk.PutAsync("key", "value");
        Assert.Equal(2, (await administrator.GetMembersAsync("g1")).Members.Count);
    }

    private MembershipOptions Log() => new() { Progress = progress => output.WriteLine(progress.ToString()) };
}
