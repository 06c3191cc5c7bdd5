using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client;

/// <summary>A cluster behind an Orleans client.</summary>
/// <param name="host">The client's host, started; stopped with this.</param>
internal sealed class OrleansCluster(IHost host) : ICluster
{
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);
    private readonly IClusterClient _client = host.Services.GetRequiredService<IClusterClient>();
    private readonly ClerkOptions _options = host.Services.GetRequiredService<IOptions<ClerkOptions>>().Value;

    /// <inheritdoc/>
    public IClerk Clerk { get; } = host.Services.GetRequiredService<IClerk>();

    /// <inheritdoc/>
    public IGroupAdministrator Members { get; } = new GroupAdministrator(
        host.Services.GetRequiredService<IClusterClient>(), host.Services.GetRequiredService<IOptions<ClerkOptions>>().Value.Nodes);

    /// <inheritdoc/>
    public async Task<GetResult> GetFromAsync(string node, byte[] key, CancellationToken cancellationToken)
    {
        if (node == "follower")
        {
            IReadOnlyList<ReplicaReport> replicas = await GetReplicasAsync(cancellationToken);
            node = replicas.FirstOrDefault(static replica => replica.Status is { State: "Running", Role: "Follower" })?.Node
                ?? throw new ClientException("no replica follows now; see: status");
        }

        return await new ReplicaReader(_client, _options).GetAsync(node, key, cancellationToken);
    }

    /// <inheritdoc/>
    public IShardController Shards { get; } = host.Services.GetRequiredService<IShardController>();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ShardReport>?> GetShardsAsync(string group, string node, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetGrain<IRaftReplicaGrain>($"{group}/{node}").GetShards().WaitAsync(StatusTimeout, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(CancellationToken cancellationToken)
    {
        SortedDictionary<string, ReplicaReport> reports = new(StringComparer.Ordinal);
        await AskAsync(_options.Nodes, reports, cancellationToken);

        // Who the members are is what the replicas say; the configured names are only where to begin.
        List<string> members = [.. reports.Values.SelectMany(report => report.Status?.Members ?? []).Select(member => member.Node).Distinct(StringComparer.Ordinal)];
        await AskAsync(members.Where(node => !reports.ContainsKey(node)), reports, cancellationToken);
        return [.. reports.Values.Where(report => members.Count == 0 || members.Contains(report.Node) || report.Status is not null)];
    }

    /// <inheritdoc/>
    public async Task<string?> TransferLeadershipAsync(string group, string node, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReplicaReport> replicas = await GetReplicasAsync(cancellationToken);
        if (!replicas.Any(replica => replica.Group == group))
            return $"there is no group {group}; there is {string.Join(", ", replicas.Select(replica => replica.Group).Distinct())}";
        if (!replicas.Any(replica => replica.Group == group && replica.Node == node))
            return $"{group} has no replica on {node}; it has on {string.Join(", ", replicas.Select(replica => replica.Node))}";
        ReplicaStatus? leader = replicas.Select(replica => replica.Status)
            .Where(status => status is { Role: "Leader" } && status.Group == group).MaxBy(status => status!.Term);
        if (leader is null) return "no replica leads now; try again soon";
        if (leader.Node == node) return null;
        try
        {
            return await Replica(leader.Node).TransferLeadership(node).WaitAsync(_options.OperationTimeout, cancellationToken);
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

    private IRaftReplicaGrain Replica(string node) => _client.GetGrain<IRaftReplicaGrain>($"{_options.Group}/{node}");

    private async Task AskAsync(
        IEnumerable<string> nodes, SortedDictionary<string, ReplicaReport> reports, CancellationToken cancellationToken)
    {
        foreach (ReplicaReport report in await Task.WhenAll(nodes.Select(node => AskAsync(node, cancellationToken))))
            reports[report.Node] = report;
    }

    private async Task<ReplicaReport> AskAsync(string node, CancellationToken cancellationToken)
    {
        try
        {
            ReplicaStatus status = await Replica(node).GetState().WaitAsync(StatusTimeout, cancellationToken);
            return new ReplicaReport(_options.Group, node, status, null);
        }
        catch (TimeoutException)
        {
            return new ReplicaReport(_options.Group, node, null, $"no answer within {StatusTimeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new ReplicaReport(_options.Group, node, null, e.Message);
        }
    }
}
