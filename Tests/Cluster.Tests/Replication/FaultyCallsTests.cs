using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;

namespace Quorleans.Cluster.Tests.Replication;

public sealed class FaultyCallsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenRaftCallsAreDisturbed() =>
        await RunAsync(seed: 1, static method => method is not (nameof(IRaftReplicaGrain.Submit) or nameof(IRaftReplicaGrain.GetState)), rate: 20);

    [Fact]
    public async Task AcknowledgedAppendsAreThereOnceAndInOrder_WhenClientCallsAreDisturbed() =>
        await RunAsync(seed: 2, static method => method == nameof(IRaftReplicaGrain.Submit), rate: 20);

    private async Task RunAsync(int seed, Func<string, bool> concerns, int rate)
    {
        var faults = new CallFaults(seed, concerns);
        await using RunningCluster cluster = await RunningCluster.StartAsync(options => options with
        {
            ConfigureSilo = (_, silo) => silo.AddIncomingGrainCallFilter(faults),
        });
        OrleansClerk one = await cluster.ConnectAsync(static options => options.AttemptTimeout = TimeSpan.FromMilliseconds(500));
        OrleansClerk two = await cluster.ConnectAsync(static options => options.AttemptTimeout = TimeSpan.FromMilliseconds(500));
        var load = new AppendLoad();
        using var time = new CancellationTokenSource(Duration);
        faults.Rate = rate;
        await Task.WhenAll(load.RunAsync(one, 4, time.Token), load.RunAsync(two, 4, time.Token));
        faults.Rate = 0;
        output.WriteLine($"{load.Acknowledged} acknowledged, {load.Unknown} unknown; {faults.Counts}");
        Assert.True(faults.AllHappened, faults.Counts);
        Assert.True(load.Acknowledged > 20, $"Only {load.Acknowledged} appends went through.");
        await load.VerifyAsync(one);
        Assert.Single((await cluster.SettledAsync(running: 3)).Select(static replica => replica.Keys).Distinct());
    }
}
