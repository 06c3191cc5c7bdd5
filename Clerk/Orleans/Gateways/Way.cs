using System.Collections.Concurrent;
using Quorleans.GrainInterfaces;

namespace Quorleans.Clerk;

/// <summary>A connection by which grains are called.</summary>
/// <param name="node">The node whose gateway it leads to; null for the client's own, which takes whichever it likes.</param>
/// <param name="grains">Makes references.</param>
/// <param name="connections">Counts its breaks; null inside a silo.</param>
internal sealed class Way(string? node, IGrainFactory grains, ConnectionWatch? connections)
{
    private readonly ConcurrentDictionary<string, IRaftReplicaGrain> _replicas = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, INodeGrain> _nodes = new(StringComparer.Ordinal);

    /// <summary>The node whose gateway it leads to, or null.</summary>
    public string? Node => node;

    /// <summary>Its breaks.</summary>
    public ConnectionWatch? Connections => connections;

    /// <summary>How many changes its connections had.</summary>
    public int Changes => connections?.Changes ?? 0;

    /// <summary>A replica's grain.</summary>
    /// <param name="address">Its address, <c>group/node</c>.</param>
    public IRaftReplicaGrain Replica(string address) =>
        _replicas.TryGetValue(address, out IRaftReplicaGrain? replica) ? replica : _replicas.GetOrAdd(address, grains.GetGrain<IRaftReplicaGrain>(address));

    /// <summary>A node's grain.</summary>
    /// <param name="name">Its name.</param>
    public INodeGrain NodeOf(string name) =>
        _nodes.TryGetValue(name, out INodeGrain? grain) ? grain : _nodes.GetOrAdd(name, grains.GetGrain<INodeGrain>(name));
}
