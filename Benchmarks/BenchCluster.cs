using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Raft;
using Quorleans.Hosting;
using Quorleans.KeyValue;

namespace Quorleans.Benchmarks;

/// <summary>Three nodes in this process on a temporary directory, and a client of them.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly DirectoryInfo _directory;
    private readonly EmbeddedCluster _cluster;

    private BenchCluster(DirectoryInfo directory, EmbeddedCluster cluster, ICluster client) => (_directory, _cluster, Client) = (directory, cluster, client);

    /// <summary>The nodes' names.</summary>
    public static ImmutableArray<string> Nodes { get; } = ["n1", "n2", "n3"];

    /// <summary>A client of its own, as any other process has one.</summary>
    public ICluster Client { get; }

    /// <summary>Starts it.</summary>
    /// <param name="configure">Changes how the nodes are driven.</param>
    /// <param name="clerk">Changes the Clerk's options.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<BenchCluster> StartAsync(Func<NodeServiceOptions, NodeServiceOptions>? configure, Action<ClerkOptions>? clerk, CancellationToken cancellationToken) =>
        StartAsync(Directory.CreateTempSubdirectory("quorleans-bench-"), new EmbeddedClusterOptions { ConfigureNode = configure }, clerk, cancellationToken);

    /// <summary>Starts it in a directory, which it removes at its end.</summary>
    /// <param name="directory">The directory, empty.</param>
    /// <param name="options">What else it is made of; directory, nodes and ports are set here.</param>
    /// <param name="clerk">Changes the Clerk's options.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BenchCluster> StartAsync(DirectoryInfo directory, EmbeddedClusterOptions options, Action<ClerkOptions>? clerk, CancellationToken cancellationToken)
    {
        EmbeddedCluster cluster = new(options with { DataDirectory = directory.FullName, Nodes = Nodes.Length, SiloPort = 0, GatewayPort = 0 });
        try
        {
            await cluster.StartAsync(cancellationToken);
            ConnectOptions connect = new() { Gateways = string.Join(',', cluster.Gateways), ConfigureClerk = clerk };
            return new BenchCluster(directory, cluster, await new OrleansConnector().ConnectAsync(connect, cancellationToken));
        }
        catch
        {
            await cluster.DisposeAsync();
            directory.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Makes groups on all nodes and waits until they have their shards.</summary>
    public async Task JoinAsync(IEnumerable<int> gids, CancellationToken cancellationToken)
    {
        await Client.Shards.JoinAsync([.. gids.Select(static gid => new JoiningGroup(gid, Nodes))], cancellationToken);
        await SettleAsync(cancellationToken);
    }

    /// <summary>Lets groups go and waits until their shards are elsewhere.</summary>
    public async Task LeaveAsync(IEnumerable<int> gids, CancellationToken cancellationToken)
    {
        await Client.Shards.LeaveAsync([.. gids], cancellationToken);
        await SettleAsync(cancellationToken);
    }

    /// <summary>Waits until every shard is where it shall be, and every group serves.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            if (await TryGetMapAsync(limit.Token) is { } map && map.Shards.All(static shard => !shard.IsMoving && shard.Owner == shard.Target)
                && map.Groups.All(static group => group.Phase == GroupPhase.Active)) return;
            await Task.Delay(Look, limit.Token);
        }
    }

    /// <summary>Moves one shard and waits until its new owner serves it. Whatever does not answer meanwhile is asked again.</summary>
    public async Task MoveAsync(ShardId shard, int gid, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            ShardMap? map = await TryGetMapAsync(limit.Token);
            if (map is not null && map.Shards[shard.Value] is { IsMoving: false } place && place.Owner == gid) return;
            if (map is not null && map.Shards[shard.Value].Target != gid)
            {
                try
                {
                    await Client.Shards.MoveAsync(shard, gid, limit.Token);
                }
                catch (Exception e) when (e is ShardControllerException or OrleansException or TimeoutException)
                {
                    // Whether it happened shows in the next map.
                }
            }

            await Task.Delay(Look, limit.Token);
        }
    }

    /// <summary>The newest map; null when nobody answers just now.</summary>
    public async Task<ShardMap?> TryGetMapAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Client.Shards.GetMapAsync(cancellationToken);
        }
        catch (Exception e) when (e is ShardControllerException or OrleansException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Stops a node as if its process had been killed, and starts it again on its disk.</summary>
    public async Task CrashAsync(string node, TimeSpan down, CancellationToken cancellationToken)
    {
        await _cluster.StopNodeAsync(node, abrupt: true, cancellationToken);
        await Task.Delay(down, cancellationToken);
        await _cluster.StartNodeAsync(node, cancellationToken);
    }

    /// <summary>Which node leads each group, such as <c>g1 n2, g2 n1</c>.</summary>
    public async Task<string> LeadersAsync(CancellationToken cancellationToken)
    {
        List<string> leaders = [];
        foreach (GroupPlace group in (await Client.Shards.GetMapAsync(cancellationToken)).Groups)
        {
            IReadOnlyList<ReplicaStatus> replicas = await _cluster.GetReplicasAsync(GroupNames.Of(group.Gid));
            leaders.Add($"{GroupNames.Of(group.Gid)} {replicas.FirstOrDefault(static replica => replica.Role == "Leader")?.Node ?? "nobody"}");
        }

        return string.Join(", ", leaders);
    }

    /// <summary>Where other processes' clients connect: <c>HOST:PORT[,HOST:PORT…]</c>.</summary>
    public string Gateways => string.Join(',', _cluster.Gateways);

    /// <summary>Clients' batches that wait at the nodes now, and their bytes.</summary>
    public (int Batches, long Bytes) Waiting()
    {
        (int batches, long bytes) = (0, 0L);
        foreach (string node in Nodes)
        {
            if (_cluster.GetServices(node)?.GetService<NodeService>()?.Raft?.Load is not { } load) continue;
            batches += load.Submissions;
            bytes += load.SubmissionBytes;
        }

        return (batches, bytes);
    }

    /// <summary>What the nodes did since they were started, summed up.</summary>
    public NodeTotals Totals()
    {
        NodeTotals totals = default;
        foreach (string node in Nodes)
        {
            if (_cluster.GetServices(node)?.GetService<NodeService>()?.Raft is not { } raft) continue;
            totals = new NodeTotals(
                totals.Syncs + raft.Statistics.Syncs, totals.Bytes + raft.Statistics.Bytes, totals.Requests + raft.Traffic.Requests, totals.Messages + raft.Traffic.Messages);
        }

        return totals;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _cluster.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}

/// <summary>What nodes did.</summary>
/// <param name="Syncs">Syncs of their logs.</param>
/// <param name="Bytes">Bytes written to their logs.</param>
/// <param name="Requests">Requests of Raft's members to other nodes.</param>
/// <param name="Messages">Messages that carried them.</param>
internal readonly record struct NodeTotals(long Syncs, long Bytes, long Requests, long Messages);
