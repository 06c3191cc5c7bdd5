using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>A node as the controller knows it: its name, and the disk that bears it. Another disk under the same name is not this node.</summary>
/// <param name="Name">The node's name: 1 to <see cref="ControllerLimits.MaxNodeNameBytes"/> visible ASCII characters without <c>/</c> and <c>,</c>.</param>
/// <param name="NodeId">The random id of its data directory; empty where nodes are not registered (the labs' tests).</param>
public readonly record struct ControllerNode(string Name, Guid NodeId)
{
    /// <summary>Checks a node's name.</summary>
    /// <param name="name">The name.</param>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name.Length > ControllerLimits.MaxNodeNameBytes) return false;
        foreach (char c in name)
        {
            if (c is <= ' ' or > '~' or '/' or ',') return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A group that shall come into being, and the nodes that shall bear it.</summary>
/// <param name="Gid">The group's number, 1 or more.</param>
/// <param name="Nodes">The names of its nodes, in the order in which configurations shall list them.</param>
public readonly record struct JoiningGroup(int Gid, ImmutableArray<string> Nodes);
