using System.Collections.Concurrent;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;
using Quorleans.KeyValue.Handoff;

namespace Quorleans.Grains.Sharding;

/// <summary>Calls whoever leads a group, from inside of the cluster. Any thread may call.</summary>
/// <param name="grains">Makes references to replica grains.</param>
/// <param name="homes">Where the nodes are.</param>
public sealed class GroupCaller(IGrainFactory grains, HomeLocator homes)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, string> _leaders = new(StringComparer.Ordinal);

    /// <summary>Asks the replicas in turn, the leader first as far as it is known, until one answers for the group.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="nodes">Where its replicas are.</param>
    /// <param name="request">What to ask. A command must be one that may come twice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The leader's answer; or that of the last replica asked, with why it is none.</returns>
    public async Task<SubmitReply> CallAsync(string group, IReadOnlyList<string> nodes, SubmitRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        SubmitReply last = new(SubmitStatus.Unavailable, default) { Error = $"No node is known to have a replica of {group}." };
        LeaderSearch search = new(_leaders.GetValueOrDefault(group), nodes);
        while (search.Next() is { } node)
        {
            last = await AskAsync(group, node, request, cancellationToken).ConfigureAwait(false);
            if (last.Status is not (SubmitStatus.NotLeader or SubmitStatus.Unavailable))
            {
                _leaders[group] = node;
                return last;
            }

            search.Refused(last.LeaderHint);
        }

        _leaders.TryRemove(group, out _);
        return last;
    }

    /// <summary>Tells a group's leader, as far as it is known, that a hand-off to it has something new. Only saves time, so nothing is made sure of.</summary>
    /// <param name="group">The destination's name.</param>
    /// <param name="nodes">Where its replicas are.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="move">The move's id.</param>
    public async Task PokeAsync(string group, IReadOnlyList<string> nodes, int shard, long move)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        foreach (string node in _leaders.TryGetValue(group, out string? leader) ? [leader] : nodes)
        {
            if (!homes.TryFind(node, out _)) continue;
            try
            {
                await grains.GetGrain<IRaftReplicaGrain>($"{group}/{node}").HandoffAdvanced(shard, move).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // It asks by itself a little later.
            }
        }
    }

    private async Task<SubmitReply> AskAsync(string group, string node, SubmitRequest request, CancellationToken cancellationToken)
    {
        if (!homes.TryFind(node, out _)) return new SubmitReply(SubmitStatus.Unavailable, default) { Error = $"Node {node} is not up." };
        try
        {
            return await grains.GetGrain<IRaftReplicaGrain>($"{group}/{node}").Submit(request).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            return new SubmitReply(SubmitStatus.Unavailable, default) { Error = $"{group}/{node}: {e.Message}" };
        }
    }
}
