using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>An Orleans client with a Clerk in the tests' process, for what takes many operations or exact times.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private readonly IHost _host;

    private TestClient(IHost host) => _host = host;

    public IClerk Clerk => _host.Services.GetRequiredService<IClerk>();

    public IJobs Jobs => _host.Services.GetRequiredService<IJobs>();

    public static Task<TestClient> ConnectAsync(SiloSetup setup, Action<ClerkOptions>? configure = null) => ConnectAsync(
        client => client.UseStaticClustering([.. setup.Gateways.Select(static port => new IPEndPoint(IPAddress.Loopback, port))]), configure);

    /// <summary>Connects to a cluster of processes, whose membership table says which gateways there are: so one that is paused is left once it is evicted.</summary>
    public static Task<TestClient> ConnectAsync(ClusterProcesses cluster) =>
        ConnectAsync(client => client.UseQuorleansClustering(ClusterConfigurationFile.Read(cluster.Config)), configure: null);

    private static async Task<TestClient> ConnectAsync(Action<IClientBuilder> useClustering, Action<ClerkOptions>? configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client =>
        {
            useClustering(client);
            client.Configure<ClusterOptions>(static options => (options.ClusterId, options.ServiceId) = (OrleansIds.ClusterId, OrleansIds.ServiceId));
            client.Configure<GatewayOptions>(static options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ConnectionOptions>(static options =>
            {
                options.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
                options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
            });
        });
        builder.Services.AddQuorleansClerk(configure);
        IHost host = builder.Build();
        await host.StartAsync();
        return new TestClient(host);
    }

    /// <summary>What a replica says of itself.</summary>
    public Task<ReplicaStatus> StatusAsync(string node) =>
        _host.Services.GetRequiredService<IClusterClient>().GetGrain<IRaftReplicaGrain>($"g1/{node}").GetState().WaitAsync(TimeSpan.FromSeconds(5));

    /// <summary>The node whose replica leads, as far as the given nodes say; null when none does.</summary>
    public async Task<string?> LeaderAsync(params string[] nodes)
    {
        ReplicaStatus[] all = await Task.WhenAll(nodes.Select(StatusAsync));
        return all.Where(static status => status.Role == "Leader" && status.State == "Running").MaxBy(static status => status.Term)?.Node;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(2));
        try
        {
            await _host.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Its cluster may be gone; then there is nobody to say goodbye to.
        }

        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
