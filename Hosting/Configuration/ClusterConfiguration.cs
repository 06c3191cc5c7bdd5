using System.Net;
using Quorleans.KeyValue.Members;

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

    /// <summary>Where the data of a node lies for which nothing else is said: in a folder of its name in this one.</summary>
    public string DataFolder { get; init; } = Path.GetFullPath("data");

    /// <summary>The names of nodes that were removed from the running cluster; the file may still name them.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Where it was read, for messages; empty when it was made otherwise.</summary>
    public string Source { get; init; } = "";

    /// <summary>The nodes that a new cluster begins on: all of <see cref="Members"/> and <see cref="Replicas"/>, in the order of <see cref="Nodes"/>.</summary>
    public IReadOnlyList<ConfiguredNode> Founders => [.. Nodes.Where(node => Members.Contains(node.Name) || Replicas.Contains(node.Name))];

    /// <summary>The nodes of <see cref="Members"/>.</summary>
    public IReadOnlyList<ConfiguredNode> MemberNodes => [.. Nodes.Where(node => Members.Contains(node.Name))];

    /// <summary>A node by its name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ClusterException">There is no such node.</exception>
    public ConfiguredNode Find(string name) =>
        Nodes.FirstOrDefault(node => node.Name == name)
        ?? throw (Removed.Contains(name) ? NodeRegistry.WasRemoved(name) : Unknown(name));

    /// <summary>The nodes to ask for a group: those that are likely first, then all others, since it may have moved away from the former.</summary>
    /// <param name="likely">Names; those of removed nodes are left out.</param>
    public IReadOnlyList<string> NodesToAsk(IEnumerable<string> likely)
    {
        string[] all = [.. Nodes.Select(static node => node.Name)];
        return [.. likely.Where(all.Contains).Union(all, StringComparer.Ordinal).Take(MaximumNodes)];
    }

    /// <summary>The cluster with the nodes that were added since, and without those that were removed. A node that the file names is where the file says.</summary>
    internal ClusterConfiguration With(NodesAnswer nodes) => this with
    {
        Nodes =
        [
            .. Nodes.Where(node => !nodes.Removed.Contains(node.Name)),
            .. nodes.Nodes.Where(added => Nodes.All(node => node.Name != added.Name)).Select(added => new ConfiguredNode
            {
                Name = added.Name, Address = IPAddress.Parse(added.Address), Silo = added.Silo, Gateway = added.Gateway, Http = added.Http, Peer = added.Peer,
                Data = Path.Combine(DataFolder, added.Name),
            }),
        ],
        Removed = nodes.Removed,
    };

    private ClusterException Unknown(string name) =>
        new(ClusterError.UnknownNode,
            $"There is no node '{name}' in {(Source.Length == 0 ? "the configuration" : $"'{Source}'")} or the cluster. The nodes are {string.Join(", ", Nodes.Select(static node => node.Name))}. node add adds one to a running cluster.");
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

    /// <summary>A node on another machine, where its data lies is unknown here.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">See <see cref="Address"/>.</param>
    /// <param name="silo">See <see cref="Silo"/>.</param>
    /// <param name="gateway">See <see cref="Gateway"/>.</param>
    /// <param name="http">See <see cref="Http"/>.</param>
    /// <param name="peer">See <see cref="Peer"/>.</param>
    /// <exception cref="ClusterException">It cannot be called so.</exception>
    public static ConfiguredNode Describe(string name, IPAddress address, int silo, int gateway, int http, int peer) => ClusterConfigurationFile.IsName(name)
        ? new() { Name = name, Address = address, Silo = silo, Gateway = gateway, Http = http, Peer = peer, Data = Path.GetFullPath(Path.Combine("data", name)) }
        : throw new ClusterException(ClusterError.Configuration, $"A node cannot be called '{name}': {ClusterConfigurationFile.NameRule}.");

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint GatewayEndPoint => new(Address, Gateway);

    /// <summary>Where its pages are.</summary>
    public Uri HttpUri => new($"http://{new IPEndPoint(Address, Http)}");

    /// <summary>Where other nodes reach it before there are silos.</summary>
    public Uri PeerUri => new($"http://{new IPEndPoint(Address, Peer)}");

    /// <summary>What its silo is made of.</summary>
    public NodeOptions ToOptions() => new() { Name = Name, DataDirectory = Data, Address = Address, SiloPort = Silo, GatewayPort = Gateway };
}
