using System.Collections.Immutable;

namespace Quorleans.KeyValue.Handoff;

/// <summary>What a node finds of a group on itself.</summary>
public readonly record struct HostedGroup
{
    /// <summary>The incarnation of the replica that is here; 0: none is.</summary>
    public long Incarnation { get; init; }

    /// <summary>The youngest incarnation that this disk ever had a member of, also when it has none now; 0: none.</summary>
    public long PastIncarnation { get; init; }

    /// <summary>Whether the replica leads, and works.</summary>
    public bool Leads { get; init; }

    /// <summary>The index in the group's log of the configuration in force, when that is a simple one and committed; otherwise 0.</summary>
    public long Version { get; init; }

    /// <summary>The voters of that configuration.</summary>
    public ImmutableArray<ControllerNode> Nodes { get; init; }
}
