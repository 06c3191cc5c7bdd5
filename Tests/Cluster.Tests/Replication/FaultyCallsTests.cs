using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Replication;

public sealed class FaultyCallsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenRaftCallsAreDisturbed() =>
        await RunAsync(seed: 1, IsRaft, rate: 20);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenClientCallsAreDisturbed() =>
        await RunAsync(seed: 2, static method => method == nameof(IRaftReplicaGrain.Submit), rate: 20);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenRaftCallsForSeveralGroupsAreDisturbed() => await RunAsync(seed: 3, IsRaft, rate: 20, groups: 4);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenClientCallsForSeveralGroupsAreDisturbed() =>
        await RunAsync(seed: 4, static method => method is nameof(INodeGrain.Submit) or nameof(INodeGrain.Await), rate: 20, groups: 4);

    private static bool IsRaft(string method) => method is not (nameof(IRaftReplicaGrain.Submit) or nameof(IRaftReplicaGrain.GetState) or nameof(INodeGrain.Await));

    private async Task RunAsync(int seed, Func<string, bool> concerns, int rate, int groups = 1)
    {
        var faults = new CallFaults(seed, concerns);
        await using RunningCluster cluster = await RunningCluster.StartAsync(options => options with
        {
            ConfigureSilo = (_, silo) => silo.AddIncomingGrainCallFilter(faults),
        });
        OrleansClerk one = await cluster.ConnectAsync(static options => options.AttemptTimeout = TimeSpan.FromMilliseconds(500));
        OrleansClerk two = await cluster.ConnectAsync(static options => options.AttemptTimeout = TimeSpan.FromMilliseconds(500));
        if (groups > 1)
        {
            IShardController controller = cluster.Controller(one);
            await controller.JoinAsync([.. Enumerable.Range(2, groups - 1).Select(static gid => new JoiningGroup(gid, ["n1", "n2", "n3"]))]);
            await Eventually.Holds("all shards are where they shall be", async () =>
                (await controller.GetMapAsync()).Shards.All(static shard => !shard.IsMoving && shard.Owner == shard.Target));
        }

        var load = new AppendLoad(keys: 4 * groups * groups);
        using var time = new CancellationTokenSource(Duration);
        faults.Rate = rate;
        await Task.WhenAll(load.RunAsync(one, 4 * groups, time.Token), load.RunAsync(two, 4 * groups, time.Token));
        faults.Rate = 0;
        output.WriteLine($"{load.Acknowledged} acknowledged, {load.Unknown} unknown; {faults.Counts}, {faults.Together} of them for several groups");
        Assert.True(faults.AllHappened, faults.Counts);
        Assert.True(load.Acknowledged > 20, $"Only {load.Acknowledged} appends went through.");
        if (groups > 1) Assert.True(faults.Together > 0, "No call for several groups was disturbed.");
        await load.VerifyAsync(one);
        Assert.Single((await cluster.SettledAsync(running: 3)).Select(static replica => replica.Keys).Distinct());
    }
}
