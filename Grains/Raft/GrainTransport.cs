using System.Collections.Concurrent;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Placement;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Raft;

/// <summary>Carries Raft's messages as grain calls between silos.</summary>
/// <param name="grains">Makes references to replica grains.</param>
/// <param name="homes">Where the nodes are.</param>
public sealed class GrainTransport(IGrainFactory grains, HomeLocator homes) : IRaftTransport
{
    private readonly ConcurrentDictionary<(string Group, string Node), IRaftReplicaGrain> _replicas = new();
    private readonly ConcurrentDictionary<string, INodeGrain> _nodes = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
    {
        // Asking membership first costs nothing; a call to a node that is not there costs an exception through the whole stack.
        if (!homes.TryFind(to.Node, out _)) throw HomeUnavailableException.NodeIsNotUp(to.Node, $"{group.Name}/{to.Node}");
        IRaftReplicaGrain replica = _replicas.GetOrAdd((group.Name, to.Node), static (key, factory) => factory.GetGrain<IRaftReplicaGrain>($"{key.Group}/{key.Node}"), grains);
        RaftFrame request = new(frame);
        RaftFrame reply = await (kind switch
        {
            MessageKind.RequestVote => replica.RequestVote(request),
            MessageKind.AppendEntries => replica.AppendEntries(request),
            MessageKind.InstallSnapshot => replica.InstallSnapshot(request),
            MessageKind.TimeoutNow => replica.TimeoutNow(request),
            MessageKind.ReadIndex => replica.ReadIndex(request),
            MessageKind.Join => replica.Join(request),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Only requests are sent; replies return by themselves."),
        }).ConfigureAwait(false);
        return reply.Bytes;
    }

    /// <inheritdoc/>
    public async Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames)
    {
        if (!homes.TryFind(node, out _)) throw HomeUnavailableException.NodeIsNotUp(node, node);
        INodeGrain grain = _nodes.GetOrAdd(node, static (name, factory) => factory.GetGrain<INodeGrain>(name), grains);
        return (await grain.AppendEntries(new RaftFrames(Array.ConvertAll(frames, static frame => frame.Bytes))).ConfigureAwait(false)).Bytes;
    }
}
