using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Messaging;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;

namespace Quorleans.Cluster.Tests.Replication;

public sealed class GatewayTests(ITestOutputHelper output)
{
    /// <remarks>
    /// Found by fail-overs in a row, one of about a hundred of which left a client without answers for its whole deadline: it had given up the gateway of
    /// a silo that was restarting, and that silo led next.
    /// </remarks>
    [Fact]
    public async Task ALeaderStillAnswersAClient_ThatLeftItsGateway()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        var gateways = new ChosenGateways();
        string leader = await cluster.LeaderAsync();
        gateways.Chosen = [.. cluster.Cluster.Nodes.Select(static node => node.Gateway)];
        using IHost client = Connect(gateways);
        await client.StartAsync(TestContext.Current.CancellationToken);
        OrleansClerk clerk = client.Services.GetRequiredService<OrleansClerk>();
        await clerk.PutAsync("key", "before");
        ConnectionWatch connections = client.Services.GetRequiredService<ConnectionWatch>();
        var left = new TaskCompletionSource();
        connections.Lost += left.SetResult;
        gateways.Chosen = [.. cluster.Cluster.Nodes.Where(node => node.Node != leader).Select(static node => node.Gateway)];
        await left.Task.WaitAsync(TimeSpan.FromSeconds(20));

        long start = Stopwatch.GetTimestamp();
        await clerk.PutAsync("key", "after");
        output.WriteLine($"a write after leaving the leader's gateway took {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        Assert.Equal("after", await clerk.GetStringAsync("key"));
        await client.StopAsync(new CancellationToken(canceled: true));
    }

    private static IHost Connect(ChosenGateways gateways)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client =>
        {
            client.Services.AddSingleton<IGatewayListProvider>(gateways);
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (OrleansIds.ClusterId, OrleansIds.ServiceId));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromMilliseconds(100));
        });
        builder.Services.AddQuorleansClerk();
        return builder.Build();
    }

    private sealed class ChosenGateways : IGatewayListProvider
    {
        public volatile IPEndPoint[] Chosen = [];

        public TimeSpan MaxStaleness => TimeSpan.FromMilliseconds(100);

        public bool IsUpdatable => true;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() =>
            Task.FromResult<IList<Uri>>([.. Chosen.Select(static gateway => SiloAddress.New(gateway, 0).ToGatewayUri())]);
    }
}
