using Quorleans.KeyValue;

namespace Quorleans.Grains.Raft;

/// <summary>What is fixed when a cluster is created, and the same on all its nodes for ever: a replica that took another limit or shard function would diverge.</summary>
public sealed record ClusterDescription
{
    /// <summary>The format of the description.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>The cluster's id.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>The nodes that it was created with, and their disks.</summary>
    public required IReadOnlyList<ClusterNode> Nodes { get; init; }

    /// <summary>The nodes that the group of the membership table began on, and their disks; none when the table is kept elsewhere, as in an embedded cluster.</summary>
    public IReadOnlyList<ClusterNode> Members { get; init; } = [];

    /// <summary>The shard function, by name and number of shards.</summary>
    public string ShardFunction { get; init; } = KeyValue.ShardFunction.Default.Name;

    /// <summary>The limits of keys, values and batches.</summary>
    public KeyValueLimits Limits { get; init; } = KeyValueLimits.Default;
}

/// <summary>A node that a cluster was created with.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NodeId">The random id of its data directory.</param>
public sealed record ClusterNode(string Name, Guid NodeId);
