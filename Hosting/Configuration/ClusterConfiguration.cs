using System.Net;

namespace Quorleans.Hosting;

/// <summary>
/// What every process of a cluster must know before it knows anything else: which nodes there are and where they listen. The same file for all of them, and for clients.
/// Read it with <see cref="ClusterConfigurationFile"/>.
/// </summary>
public sealed record ClusterConfiguration
{
    /// <summary>How many nodes a cluster may have: 64.</summary>
    public const int MaximumNodes = 64;

    /// <summary>The cluster's name, which keeps nodes and clients of one cluster from talking to those of another by mistake.</summary>
    public required string Cluster { get; init; }

    /// <summary>The nodes.</summary>
    public required IReadOnlyList<ConfiguredNode> Nodes { get; init; }

    /// <summary>The names of the nodes that the group <c>members</c> begins on: one, three or five.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>The names of the nodes that the groups <c>ctl</c> and <c>g1</c> begin on.</summary>
    public required IReadOnlyList<string> Replicas { get; init; }

    /// <summary>Where it was read, for messages; empty when it was made otherwise.</summary>
    public string Source { get; init; } = "";

    /// <summary>The nodes that a new cluster begins on: all of <see cref="Members"/> and <see cref="Replicas"/>, in the order of <see cref="Nodes"/>.</summary>
    public IReadOnlyList<ConfiguredNode> Founders => [.. Nodes.Where(node => Members.Contains(node.Name) || Replicas.Contains(node.Name))];

    /// <summary>The nodes of <see cref="Members"/>.</summary>
    public IReadOnlyList<ConfiguredNode> MemberNodes => [.. Members.Select(Find)];

    /// <summary>A node by its name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ClusterException">There is no such node.</exception>
    public ConfiguredNode Find(string name) =>
        Nodes.FirstOrDefault(node => node.Name == name)
        ?? throw new ClusterException(ClusterError.UnknownNode,
            $"There is no node '{name}' in {(Source.Length == 0 ? "the configuration" : $"'{Source}'")}. The nodes are {string.Join(", ", Nodes.Select(static node => node.Name))}.");
}

/// <summary>A node of a cluster: where it listens and where its data lies.</summary>
public sealed record ConfiguredNode
{
    /// <summary>Its name, such as <c>n1</c>; its silo bears the same.</summary>
    public required string Name { get; init; }

    /// <summary>The address that all of it listens on and is known by.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port between silos.</summary>
    public required int Silo { get; init; }

    /// <summary>The TCP port for clients.</summary>
    public required int Gateway { get; init; }

    /// <summary>The TCP port of its pages: dashboard, health, metrics, administration (HTTP/1.1).</summary>
    public required int Http { get; init; }

    /// <summary>The TCP port where nodes and clients reach the membership table, and the nodes that keep it each other (HTTP/2 without TLS).</summary>
    public required int Peer { get; init; }

    /// <summary>Its data directory on its machine.</summary>
    public required string Data { get; init; }

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint GatewayEndPoint => new(Address, Gateway);

    /// <summary>Where its pages are.</summary>
    public Uri HttpUri => new($"http://{new IPEndPoint(Address, Http)}");

    /// <summary>Where other nodes reach it before there are silos.</summary>
    public Uri PeerUri => new($"http://{new IPEndPoint(Address, Peer)}");

    /// <summary>What its silo is made of.</summary>
    public NodeOptions ToOptions() => new() { Name = Name, DataDirectory = Data, Address = Address, SiloPort = Silo, GatewayPort = Gateway };
}
