namespace Quorleans.KeyValue.Members;

/// <summary>A node that was added to the cluster after its creation: what every process must know to reach it.</summary>
/// <param name="Name">Its name, such as <c>n4</c>.</param>
/// <param name="Address">The IP address that it listens on and is known by.</param>
/// <param name="Silo">The TCP port between silos.</param>
/// <param name="Gateway">The TCP port for clients.</param>
/// <param name="Http">The TCP port of its pages.</param>
/// <param name="Peer">The TCP port where nodes reach each other before there are silos.</param>
public sealed record MemberNode(string Name, string Address, int Silo, int Gateway, int Http, int Peer)
{
    /// <summary>Its ports, in the order of the parameters.</summary>
    public IReadOnlyList<int> Ports => [Silo, Gateway, Http, Peer];

    /// <summary>Whether another node would listen where this one does.</summary>
    public bool SharesPort(MemberNode other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Address != other.Address) return false;
        foreach (int port in Ports)
            foreach (int theirs in other.Ports)
                if (port == theirs) return true;
        return false;
    }
}

/// <summary>Which nodes were added to the cluster, and which were removed from it, at one moment.</summary>
/// <param name="Version">Grows with each change; 0: none was ever added or removed.</param>
/// <param name="Nodes">Those added that are not removed, by name.</param>
/// <param name="Removed">The names of those removed, whether added or there from the beginning. None of them is used again.</param>
public sealed record NodesAnswer(long Version, IReadOnlyList<MemberNode> Nodes, IReadOnlyList<string> Removed)
{
    /// <summary>Before anything was added or removed.</summary>
    public static NodesAnswer None { get; } = new(0, [], []);
}
