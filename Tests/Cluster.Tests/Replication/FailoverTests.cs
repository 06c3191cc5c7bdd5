using System.Diagnostics;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Replication;

public sealed class FailoverTests(ITestOutputHelper output)
{
    [Fact]
    public async Task WritesGoOnWithinASecond_WhenTheLeadersSiloStopsAbruptly()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        var gaps = new List<double>();
        for (int round = 0; round < 10; round++)
        {
            string leader = await cluster.LeaderAsync();
            await clerk.PutAsync("key", $"before {round}");
            long start = Stopwatch.GetTimestamp();
            Task stop = cluster.Cluster.StopNodeAsync(leader, abrupt: true);
            await clerk.PutAsync("key", $"after {round}");
            gaps.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await stop;
            Assert.Equal($"after {round}", await clerk.GetStringAsync("key"));
            await cluster.Cluster.StartNodeAsync(leader);
            await cluster.SettledAsync(running: 3);
        }

        output.WriteLine($"refused for (ms): {string.Join(", ", gaps.Select(static gap => gap.ToString("F0", null)))}");
        double median = gaps.Order().ElementAt(gaps.Count / 2);
        Assert.True(median < 1000, $"Writes were refused for {median} ms (median).");
    }

    [Fact]
    public async Task TheLeadershipIsHandedOver_WhenTheLeadersSiloStopsGracefully()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        string leader = await cluster.LeaderAsync();
        long term = (await cluster.ReplicaAsync(leader)).Term;
        await clerk.PutAsync("key", "before");
        long start = Stopwatch.GetTimestamp();
        Task stop = cluster.Cluster.StopNodeAsync(leader);
        await clerk.PutAsync("key", "after");
        output.WriteLine($"a write across the hand-over took {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        await stop;
        string next = await cluster.LeaderAsync();
        Assert.NotEqual(leader, next);
        // Handed over, not lost: one election, without waiting for a timeout that others may also run into.
        Assert.Equal(term + 1, (await cluster.ReplicaAsync(next)).Term);
    }

    [Fact]
    public async Task LeadershipMoves_WhenAskedTo()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        string leader = await cluster.LeaderAsync();
        string target = leader == "n3" ? "n1" : "n3";
        var grains = (IGrainFactory)cluster.Cluster.GetServices(target)!.GetService(typeof(IGrainFactory))!;
        Assert.Contains("does not lead", await grains.GetGrain<IRaftReplicaGrain>($"g1/{target}").TransferLeadership(leader), StringComparison.Ordinal);
        Assert.Contains("no vote", await grains.GetGrain<IRaftReplicaGrain>($"g1/{leader}").TransferLeadership("n9"), StringComparison.Ordinal);
        Assert.Null(await grains.GetGrain<IRaftReplicaGrain>($"g1/{leader}").TransferLeadership(target));
        await Eventually.Holds($"{target} leads", async () => (await grains.GetGrain<IRaftReplicaGrain>($"g1/{target}").GetState()).Role == "Leader");
    }

    [Fact]
    public async Task EverythingAcknowledgedIsThere_AfterRestartsOfAll()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        var load = new AppendLoad();
        await RunForAsync(load, clerk, TimeSpan.FromMilliseconds(500));
        await cluster.Cluster.RestartAsync();
        await load.VerifyAsync(clerk);
        await RunForAsync(load, clerk, TimeSpan.FromMilliseconds(500));
        foreach (string node in new[] { "n1", "n2", "n3" }) await cluster.Cluster.StopNodeAsync(node, abrupt: true);
        await cluster.Cluster.StartAsync();
        await load.VerifyAsync(clerk);
        output.WriteLine($"{load.Acknowledged} acknowledged, {load.Unknown} unknown");
    }

    [Fact]
    public async Task ClientsGoOn_WhenTheyLoseAGateway()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync(null, "n1", "n2");
        var load = new AppendLoad();
        using var stop = new CancellationTokenSource();
        Task running = load.RunAsync(clerk, 8, stop.Token);
        foreach (string node in new[] { "n1", "n2", "n1" })
        {
            int before = load.Acknowledged;
            await Eventually.Holds("appends go through", () => load.Acknowledged > before + 50);
            await cluster.Cluster.StopNodeAsync(node, abrupt: true);
            before = load.Acknowledged;
            TimeSpan gap = await Eventually.Holds("appends go through again", () => load.Acknowledged > before + 50);
            output.WriteLine($"{node} lost: 50 more after {gap.TotalMilliseconds:F0} ms");
            await cluster.Cluster.StartNodeAsync(node);
            await cluster.SettledSoonAsync(node);
        }

        await stop.CancelAsync();
        await running;
        await load.VerifyAsync(clerk);
    }

    private static async Task RunForAsync(AppendLoad load, OrleansClerk clerk, TimeSpan duration)
    {
        using var time = new CancellationTokenSource(duration);
        await load.RunAsync(clerk, 8, time.Token);
    }
}
