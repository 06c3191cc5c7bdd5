using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.KeyValue;

namespace Quorleans.Client;

/// <summary>A cluster behind an Orleans client.</summary>
/// <param name="host">The client's host, started; stopped with this.</param>
internal sealed class OrleansCluster(IHost host) : ICluster
{
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);
    private readonly IClusterClient _client = host.Services.GetRequiredService<IClusterClient>();
    private readonly INodeGateways? _gateways = host.Services.GetService<INodeGateways>();
    private readonly HedgedCalls _calls = new(host.Services.GetRequiredService<IClusterClient>(), host.Services.GetService<INodeGateways>());
    private readonly ClerkOptions _options = host.Services.GetRequiredService<IOptions<ClerkOptions>>().Value;

    /// <inheritdoc/>
    public IClerk Clerk { get; } = host.Services.GetRequiredService<IClerk>();

    /// <summary>Makes one more Clerk over the same connection, with a session of its own. Whoever makes it disposes of it.</summary>
    public OrleansClerk CreateClerk() => host.Services.CreateQuorleansClerk(_options);

    /// <inheritdoc/>
    public IGroupAdministrator Members { get; } = new GroupAdministrator(
        host.Services.GetRequiredService<IClusterClient>(), host.Services.GetRequiredService<IOptions<ClerkOptions>>().Value.Nodes,
        gateways: host.Services.GetService<INodeGateways>());

    /// <inheritdoc/>
    public async Task<GetResult> GetFromAsync(string node, byte[] key, CancellationToken cancellationToken)
    {
        if (node == "follower")
        {
            IReadOnlyList<ReplicaReport> replicas = await GetReplicasAsync(_options.Group, _options.Nodes, cancellationToken);
            node = replicas.FirstOrDefault(static replica => replica.Status is { State: "Running", Role: "Follower" })?.Node
                ?? throw new ClientException("no replica follows now; see: status");
        }

        return await new ReplicaReader(_client, _options, gateways: _gateways).GetAsync(node, key, cancellationToken);
    }

    /// <inheritdoc/>
    public IJobs Jobs { get; } = host.Services.GetRequiredService<IJobs>();

    /// <inheritdoc/>
    public IShardController Shards { get; } = host.Services.GetRequiredService<IShardController>();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ShardReport>?> GetShardsAsync(string group, string node, CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.CallAsync(node, way => Replica(way, group, node).GetShards(), HedgedCalls.QuestionSilence, StatusTimeout, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(CancellationToken cancellationToken)
    {
        // Only a cluster of processes keeps its own membership table.
        ClusterConfiguration? configuration = host.Services.GetService<ClusterConfiguration>();
        List<(string Group, IReadOnlyList<string> Nodes)> groups = [(GroupNames.Controller, configuration is null ? _options.Nodes : [.. configuration.Founders.Select(static node => node.Name)])];
        if (configuration is not null) groups.Insert(0, (GroupNames.Members, [.. configuration.MemberNodes.Select(static node => node.Name)]));
        if (await FindMapAsync(cancellationToken) is { } map)
            groups.AddRange(map.Groups.OrderBy(static place => place.Gid)
                .Select(static place => (GroupNames.Of(place.Gid), (IReadOnlyList<string>)[.. place.Nodes.Select(static node => node.Name)])));
        else
            groups.Add((_options.Group, _options.Nodes));
        IReadOnlyList<ReplicaReport>[] reports = await Task.WhenAll(groups.Select(group => GetReplicasAsync(group.Group, group.Nodes, cancellationToken)));
        return [.. reports.SelectMany(static report => report)];
    }

    private async Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(string group, IReadOnlyList<string> nodes, CancellationToken cancellationToken)
    {
        SortedDictionary<string, ReplicaReport> reports = new(StringComparer.Ordinal);
        await AskAsync(group, nodes, reports, cancellationToken);
        // All of it may have moved away from there.
        if (reports.Values.All(static report => report.Status is not { Members.Count: > 0 })) await AskAsync(group, _options.Nodes.Where(node => !reports.ContainsKey(node)), reports, cancellationToken);

        // Who the members are is what the replicas say; the names that were given are only where to begin.
        List<string> members = [.. reports.Values.SelectMany(report => report.Status?.Members ?? []).Select(member => member.Node).Distinct(StringComparer.Ordinal)];
        await AskAsync(group, members.Where(node => !reports.ContainsKey(node)), reports, cancellationToken);
        return [.. reports.Values.Where(report => members.Count == 0 || members.Contains(report.Node) || report.Status is not null)];
    }

    /// <inheritdoc/>
    public async Task<string?> TransferLeadershipAsync(string group, string node, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReplicaReport> all = await GetReplicasAsync(cancellationToken);
        ReplicaReport[] replicas = [.. all.Where(replica => replica.Group == group)];
        if (replicas.Length == 0)
            return $"there is no group {group}; there is {string.Join(", ", all.Select(replica => replica.Group).Distinct())}";
        if (!replicas.Any(replica => replica.Node == node))
            return $"{group} has no replica on {node}; it has on {string.Join(", ", replicas.Select(replica => replica.Node))}";
        ReplicaStatus? leader = replicas.Select(replica => replica.Status)
            .Where(status => status is { Role: "Leader" }).MaxBy(status => status!.Term);
        if (leader is null) return "no replica leads now; try again soon";
        if (leader.Node == node) return null;
        try
        {
            return await _calls.CallAsync(
                leader.Node, way => Replica(way, group, leader.Node).TransferLeadership(node), HedgedCalls.ChangeSilence, _options.OperationTimeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            return $"{leader.Node} does not answer; see status for who leads now";
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(StopTimeout);
        try
        {
            await host.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The gateways see the connection go either way.
        }

        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private static IRaftReplicaGrain Replica(IGrainFactory way, string group, string node) => way.GetGrain<IRaftReplicaGrain>($"{group}/{node}");

    // Status is asked for when something is wrong: a controller that does not answer is one of the things that it then shows.
    private async Task<ShardMap?> FindMapAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Shards.GetMapAsync(cancellationToken).WaitAsync(StatusTimeout, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    private async Task AskAsync(
        string group, IEnumerable<string> nodes, SortedDictionary<string, ReplicaReport> reports, CancellationToken cancellationToken)
    {
        foreach (ReplicaReport report in await Task.WhenAll(nodes.Select(node => AskAsync(group, node, cancellationToken))))
            reports[report.Node] = report;
    }

    private async Task<ReplicaReport> AskAsync(string group, string node, CancellationToken cancellationToken)
    {
        try
        {
            ReplicaStatus status = await _calls.CallAsync(node, way => Replica(way, group, node).GetState(), HedgedCalls.QuestionSilence, StatusTimeout, cancellationToken);
            return new ReplicaReport(group, node, status, null);
        }
        catch (TimeoutException)
        {
            return new ReplicaReport(group, node, null, $"no answer within {StatusTimeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new ReplicaReport(group, node, null, e.Message);
        }
    }
}
