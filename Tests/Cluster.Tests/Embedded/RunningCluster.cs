using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Embedded;

/// <summary>An embedded cluster on a directory of its own, and clients for it.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<IHost> _clients = [];

    private RunningCluster(Func<EmbeddedClusterOptions, EmbeddedClusterOptions>? change)
    {
        var options = new EmbeddedClusterOptions { DataDirectory = _directory.Path, SiloPort = 0, GatewayPort = 0 };
        Cluster = new EmbeddedCluster(change?.Invoke(options) ?? options);
    }

    public EmbeddedCluster Cluster { get; }

    public string Data => _directory.Path;

    public static async Task<RunningCluster> StartAsync(Func<EmbeddedClusterOptions, EmbeddedClusterOptions>? change = null)
    {
        var running = new RunningCluster(change);
        await running.Cluster.StartAsync();
        await running.LeaderAsync();
        return running;
    }

    /// <summary>A client in its own host, which knows the given nodes' gateways only; without any it knows all.</summary>
    public async Task<OrleansClerk> ConnectAsync(Action<ClerkOptions>? configure = null, params string[] nodes)
    {
        IPEndPoint[] gateways = [.. Cluster.Nodes.Where(node => nodes.Length == 0 || nodes.Contains(node.Node)).Select(node => node.Gateway)];
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(gateways);
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (OrleansIds.ClusterId, OrleansIds.ServiceId));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        });
        builder.Services.AddQuorleansClerk(configure);
        IHost host = builder.Build();
        await host.StartAsync();
        _clients.Add(host);
        return host.Services.GetRequiredService<OrleansClerk>();
    }

    /// <summary>Changes the group's members as an operator's client does, which knows the nodes of the beginning only.</summary>
    public IGroupAdministrator Administrator(OrleansClerk clerk) => new GroupAdministrator(
        _clients.Single(host => host.Services.GetRequiredService<OrleansClerk>() == clerk).Services.GetRequiredService<IGrainFactory>(), ["n1", "n2", "n3"]);

    /// <summary>The shard controller, through a client's connection.</summary>
    public IShardController Controller(OrleansClerk clerk) =>
        _clients.Single(host => host.Services.GetRequiredService<OrleansClerk>() == clerk).Services.GetRequiredService<IShardController>();

    /// <summary>MapReduce jobs, through a client's connection.</summary>
    public IJobs Jobs(OrleansClerk clerk) =>
        _clients.Single(host => host.Services.GetRequiredService<OrleansClerk>() == clerk).Services.GetRequiredService<IJobs>();

    /// <summary>The coordinator of jobs as it describes itself.</summary>
    public Task<JobCoordinatorStatus> CoordinatorAsync(OrleansClerk clerk) =>
        _clients.Single(host => host.Services.GetRequiredService<OrleansClerk>() == clerk).Services.GetRequiredService<IGrainFactory>()
            .GetGrain<IJobCoordinatorGrain>(IJobCoordinatorGrain.Key).GetState();

    public ReplicaReader Reader(OrleansClerk clerk) => new(
        _clients.Single(host => host.Services.GetRequiredService<OrleansClerk>() == clerk).Services.GetRequiredService<IGrainFactory>(),
        new ClerkOptions { OperationTimeout = TimeSpan.FromSeconds(3) });

    /// <summary>The node that leads g1, once there is one.</summary>
    public async Task<string> LeaderAsync()
    {
        string? leader = null;
        await Eventually.Holds("g1 has a leader", async () =>
        {
            IReadOnlyList<ReplicaStatus> replicas = await Cluster.GetReplicasAsync("g1");
            leader = replicas.Where(static replica => replica.Role == "Leader").MaxBy(static replica => replica.Term)?.Node;
            return leader is not null;
        });
        return leader!;
    }

    /// <summary>Waits until all running replicas have applied the same, and returns how they stand.</summary>
    public async Task<IReadOnlyList<ReplicaStatus>> SettledAsync(int running)
    {
        IReadOnlyList<ReplicaStatus> replicas = [];
        await Eventually.Holds($"{running} replicas have applied the same", async () =>
        {
            replicas = [.. (await Cluster.GetReplicasAsync("g1")).Where(static replica => replica.State == "Running")];
            return replicas.Count == running && replicas.Select(static replica => replica.AppliedIndex).Distinct().Count() == 1
                && replicas.All(static replica => replica.AppliedIndex == replica.LastIndex);
        });
        return replicas;
    }

    /// <summary>Waits until a node has caught up with the others, who may go on meanwhile.</summary>
    public async Task SettledSoonAsync(string node)
    {
        long target = (await Cluster.GetReplicasAsync("g1")).Max(static replica => replica.CommitIndex);
        await Eventually.Holds($"{node} has caught up", async () => (await ReplicaAsync(node)).AppliedIndex >= target);
    }

    public async Task<ReplicaStatus> ReplicaAsync(string node) => (await Cluster.GetReplicasAsync("g1")).Single(replica => replica.Node == node);

    public async ValueTask DisposeAsync()
    {
        foreach (IHost client in _clients)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await client.StopAsync(now.Token);
            await ((IAsyncDisposable)client).DisposeAsync();
        }

        await Cluster.DisposeAsync();
        _directory.Dispose();
    }
}
