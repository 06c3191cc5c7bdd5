using System.Collections.Immutable;

namespace Quorleans.KeyValue.Controller;

/// <summary>How a shard controller begins and behaves. Recorded when a cluster is created; the same on all replicas for ever.</summary>
public sealed record ControllerOptions
{
    /// <summary>How many shards the cluster has: 1 to <see cref="ShardFunction.MaxShards"/>.</summary>
    public required int ShardCount { get; init; }

    /// <summary>The nodes that are registered from the start; none by default.</summary>
    public ImmutableArray<ControllerNode> Nodes { get; init; } = [];

    /// <summary>
    /// The groups of configuration 1, by ascending gid: active from the start, as incarnation 1, and owners of all shards at epoch 1. With none,
    /// the newest configuration is 0, and nobody owns a shard.
    /// </summary>
    public ImmutableArray<JoiningGroup> Groups { get; init; } = [];

    /// <summary>
    /// Whether the last group may leave, as the labs demand; all targets are 0 then. A group that owns shards keeps them, and stays Leaving, until another
    /// joins and takes them. False by default.
    /// </summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>Whether groups may join on nodes that are not registered, as in the labs; their disks' ids are empty then. False by default.</summary>
    public bool AnyNode { get; init; }

    /// <summary>The limits.</summary>
    public ControllerLimits Limits { get; init; } = ControllerLimits.Default;

    /// <summary>Checks that the options make sense.</summary>
    /// <returns>Null, or what is wrong, for a person.</returns>
    public string? Problem()
    {
        if (ShardCount is < 1 or > ShardFunction.MaxShards) return $"ShardCount is {ShardCount}; it must be 1 to {ShardFunction.MaxShards}.";
        foreach (ControllerNode node in Nodes)
        {
            if (!ControllerNode.IsName(node.Name)) return $"'{node.Name}' is no name of a node.";
        }

        int previous = 0;
        foreach (JoiningGroup group in Groups)
        {
            if (group.Gid <= previous) return "The first groups must have gids from 1 on, ascending.";
            previous = group.Gid;
        }

        return Limits.Problem();
    }
}
