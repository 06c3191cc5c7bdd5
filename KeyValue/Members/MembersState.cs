using System.Collections.Immutable;

namespace Quorleans.KeyValue.Members;

/// <summary>All that the membership table remembers. Never changes, so that a snapshot is a reference to it; each applied command makes the next one.</summary>
internal sealed record MembersState
{
    /// <summary>The table's version.</summary>
    public int Version { get; init; }

    /// <summary>The table's etag: the number of the last change that was not a heartbeat.</summary>
    public long Etag { get; init; }

    /// <summary>The log time of the last entry applied.</summary>
    public long TimeMs { get; init; }

    /// <summary>The node whose silo joins now; empty: none.</summary>
    public string Turn { get; init; } = "";

    /// <summary>Until when it is its turn at most.</summary>
    public long TurnUntilMs { get; init; }

    /// <summary>The rows by silo.</summary>
    public ImmutableSortedDictionary<string, MembersRow> Rows { get; init; } = ImmutableSortedDictionary.Create<string, MembersRow>(StringComparer.Ordinal);

    /// <summary>The version of the nodes that were added and removed; 0: none ever was.</summary>
    public long NodesVersion { get; init; }

    /// <summary>The nodes that were added and not removed, by name.</summary>
    public ImmutableSortedDictionary<string, MemberNode> Nodes { get; init; } = ImmutableSortedDictionary.Create<string, MemberNode>(StringComparer.Ordinal);

    /// <summary>The names of removed nodes.</summary>
    public ImmutableSortedSet<string> RemovedNodes { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>The nodes as one answer.</summary>
    public NodesAnswer NodesAnswer => NodesVersion == 0 ? NodesAnswer.None : new NodesAnswer(NodesVersion, [.. Nodes.Values], [.. RemovedNodes]);

    /// <summary>The last inserts and updates and what became of them, oldest first.</summary>
    public ImmutableList<(Guid Request, MembersStatus Status)> Remembered { get; init; } = [];

    /// <summary>What a request that was here before was answered, or null.</summary>
    public MembersStatus? Recall(Guid request)
    {
        foreach ((Guid id, MembersStatus status) in Remembered)
            if (id == request) return status;
        return null;
    }

    /// <summary>The state that also knows what became of a request.</summary>
    public MembersState Remember(Guid request, MembersStatus status)
    {
        ImmutableList<(Guid, MembersStatus)> kept = Remembered.Count < MembersLimits.MaxRemembered ? Remembered : Remembered.RemoveAt(0);
        return this with { Remembered = kept.Add((request, status)) };
    }
}
