namespace Quorleans.KeyValue.Handoff;

/// <summary>One search for the node that leads a group: the one that was last known to, then where each answer points, then all others in turn.</summary>
/// <param name="leader">The node that answered for the group last, or null.</param>
/// <param name="nodes">The nodes that the group may be on.</param>
public sealed class LeaderSearch(string? leader, IReadOnlyList<string> nodes)
{
    private readonly List<string> _asked = [];
    private string? _hint = leader;
    private int _next;

    /// <summary>The node to ask next; null when all were asked.</summary>
    public string? Next()
    {
        string? hint = _hint;
        _hint = null;
        if (hint is not null && TryTake(hint)) return hint;
        while (_next < nodes.Count)
        {
            string node = nodes[_next++];
            if (TryTake(node)) return node;
        }

        return null;
    }

    /// <summary>The node that was asked does not lead, or cannot be reached.</summary>
    /// <param name="hint">Whom it takes for the leader, or null.</param>
    public void Refused(string? hint)
    {
        if (!string.IsNullOrEmpty(hint)) _hint = hint;
    }

    private bool TryTake(string node)
    {
        if (_asked.Contains(node)) return false;
        _asked.Add(node);
        return true;
    }
}
