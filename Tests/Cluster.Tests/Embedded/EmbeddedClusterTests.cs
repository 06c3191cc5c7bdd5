using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quorleans.Cluster.Tests.Placement;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Embedded;

public sealed class EmbeddedClusterTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task FreePorts_AreNotThoseOfOutgoingConnections()
    {
        // One of those may be taken before the silo listens.
        await using EmbeddedCluster cluster = new(new EmbeddedClusterOptions { DataDirectory = _data.Path, Nodes = 5, SiloPort = 0, GatewayPort = 0 });
        int[] ports = [.. cluster.Nodes.SelectMany(static node => (int[])[node.SiloPort, node.Gateway.Port])];
        Assert.Equal(10, ports.Distinct().Count());
        Assert.All(ports, static port => Assert.InRange(port, 1024, 32_767));
    }

    [Fact]
    public async Task NodesStopAndStart_InAnyOrderAndAllAtOnce()
    {
        await using EmbeddedCluster cluster = await StartAsync();
        using IHost client = await ConnectAsync(cluster);
        foreach ((string node, bool abrupt) in new[] { ("n1", false), ("n2", true), ("n3", true), ("n1", true) })
        {
            string caller = node == "n1" ? "n2" : "n1";
            SiloAddress before = (await Probe(client, node).WhereAreYou()).Address;
            TimeSpan stop = await Time(() => cluster.StopNodeAsync(node, abrupt));
            Assert.Equal(NodeState.Stopped, Status(cluster, node).State);
            TimeSpan start = await Time(() => cluster.StartNodeAsync(node));
            Assert.Equal(NodeState.Running, Status(cluster, node).State);
            TimeSpan found = await Eventually.Holds($"{caller} reaches {node} again", async () =>
                !(await Probe(cluster.GetServices(caller)!, node).WhereAreYou()).Address.Equals(before));
            output.WriteLine($"{node} {(abrupt ? "abrupt" : "graceful")}: stop {stop.TotalMilliseconds:F0} ms, start {start.TotalMilliseconds:F0} ms, reached after {found.TotalMilliseconds:F0} ms");
        }

        output.WriteLine($"restart of all: {(await Time(() => cluster.RestartAsync())).TotalMilliseconds:F0} ms");
        foreach (string node in new[] { "n1", "n2", "n3" })
            await Eventually.Holds($"the client reaches {node}", async () => (await Probe(client, node).WhereAreYou()).Silo == node);
    }

    [Fact]
    public async Task TheOthersNoticeByThemselves_WhenANodeStopsAbruptly()
    {
        await using EmbeddedCluster cluster = await StartAsync();
        IHomeProbeGrain probe = Probe(cluster.GetServices("n1")!, "n3");
        await probe.WhereAreYou();
        output.WriteLine($"abrupt stop: {(await Time(() => cluster.StopNodeAsync("n3", abrupt: true))).TotalMilliseconds:F0} ms");
        Assert.Contains(cluster.MembershipTable.Snapshot(), entry => entry is { SiloName: "n3", Status: SiloStatus.Active });
        TimeSpan noticed = await Eventually.Holds("Orleans declares n3 dead", () =>
            cluster.MembershipTable.Snapshot().All(entry => entry is not { SiloName: "n3", Status: SiloStatus.Active }));
        output.WriteLine($"declared dead after {noticed.TotalMilliseconds:F0} ms");
        await Eventually.Holds("calls fail typed", async () =>
        {
            try
            {
                await probe.WhereAreYou();
                return false;
            }
            catch (HomeUnavailableException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task OnlyThatSiloStops_WhenOrleansEvictsIt()
    {
        await using EmbeddedCluster cluster = await StartAsync(options => options with { RestartEvictedNodes = false });
        await EvictAsync(cluster, "n2");
        await Eventually.Holds("n2 is evicted", () => Status(cluster, "n2").State == NodeState.Evicted);
        output.WriteLine(Status(cluster, "n2").Detail ?? "");
        Assert.NotNull(Status(cluster, "n2").Detail);
        Assert.Equal("n3", (await Probe(cluster.GetServices("n1")!, "n3").WhereAreYou()).Silo);

        await cluster.StartNodeAsync("n2");
        await Eventually.Holds("n2 is back", async () => (await Probe(cluster.GetServices("n1")!, "n2").WhereAreYou()).Silo == "n2");
    }

    [Fact]
    public async Task AnEvictedNodeComesBackByItself_ByDefault()
    {
        await using EmbeddedCluster cluster = await StartAsync();
        SiloAddress before = (await Probe(cluster.GetServices("n1")!, "n2").WhereAreYou()).Address;
        await EvictAsync(cluster, "n2");
        await Eventually.Holds("n2 is back", async () =>
            !(await Probe(cluster.GetServices("n1")!, "n2").WhereAreYou()).Address.Equals(before));
        // Its grains answer a moment before its start is over.
        await Eventually.Holds("n2 runs", () => Status(cluster, "n2").State == NodeState.Running);
    }

    [Fact]
    public async Task StartAndStop_AreRefusedByName_WhenTheyMakeNoSense()
    {
        await using EmbeddedCluster cluster = await StartAsync(options => options with { Nodes = 1 });
        Assert.Equal(ClusterError.WrongState, (await Assert.ThrowsAsync<ClusterException>(() => cluster.StartNodeAsync("n1"))).Error);
        Assert.Equal(ClusterError.UnknownNode, (await Assert.ThrowsAsync<ClusterException>(() => cluster.StopNodeAsync("n4"))).Error);
        await cluster.StopNodeAsync("n1");
        Assert.Equal(ClusterError.WrongState, (await Assert.ThrowsAsync<ClusterException>(() => cluster.StopNodeAsync("n1"))).Error);
    }

    [Fact]
    public async Task APortInUseIsNamed_AndNothingIsLeftRunning()
    {
        await using EmbeddedCluster cluster = await StartAsync(options => options with { Nodes = 1 });
        int taken = cluster.Gateways[0].Port;
        await using var second = new EmbeddedCluster(new EmbeddedClusterOptions
        {
            DataDirectory = Path.Combine(_data.Path, "second"), Nodes = 2, SiloPort = 0, GatewayPort = taken,
        });
        ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => second.StartAsync());
        Assert.Equal(ClusterError.PortInUse, error.Error);
        Assert.Contains($":{taken}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(second.Nodes, node => node.State == NodeState.Running);
    }

    private async Task<EmbeddedCluster> StartAsync(Func<EmbeddedClusterOptions, EmbeddedClusterOptions>? change = null)
    {
        var options = new EmbeddedClusterOptions { DataDirectory = _data.Path, SiloPort = 0, GatewayPort = 0 };
        var cluster = new EmbeddedCluster(change?.Invoke(options) ?? options);
        output.WriteLine($"start: {(await Time(() => cluster.StartAsync())).TotalMilliseconds:F0} ms");
        return cluster;
    }

    private static async Task<IHost> ConnectAsync(EmbeddedCluster cluster)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.UseEmbeddedCluster(cluster));
        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    // What other silos do to one that was paused or cut off for too long.
    private static async Task EvictAsync(EmbeddedCluster cluster, string node)
    {
        SiloAddress silo = cluster.MembershipTable.Snapshot().Single(entry => entry.Status == SiloStatus.Active && entry.SiloName == node).SiloAddress;
        Assert.True(await cluster.GetServices("n1")!.GetRequiredService<IClusterMembershipService>().TryKill(silo));
    }

    private static NodeStatus Status(EmbeddedCluster cluster, string node) => cluster.Nodes.Single(status => status.Node == node);

    private static IHomeProbeGrain Probe(IHost host, string node) => Probe(host.Services, node);

    private static IHomeProbeGrain Probe(IServiceProvider services, string node) =>
        services.GetRequiredService<IGrainFactory>().GetGrain<IHomeProbeGrain>($"probe/{node}");

    private static async Task<TimeSpan> Time(Func<Task> action)
    {
        long start = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(start);
    }
}
