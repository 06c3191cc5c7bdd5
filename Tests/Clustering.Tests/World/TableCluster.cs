using System.Net;
using System.Net.Sockets;
using Quorleans.Hosting;
using Quorleans.Raft;
using Quorleans.Tests.Shared;

namespace Quorleans.Clustering.Tests.World;

/// <summary>The group that keeps the membership table on three nodes over loopback, and clients of it. Nodes die and come back by name.</summary>
internal sealed class TableCluster : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quorleans-").FullName;
    private readonly SortedDictionary<string, TableNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<PeerClient> _clients = [];

    /// <param name="nodes">How many nodes there are; the first three keep the table.</param>
    public TableCluster(int nodes = 3)
    {
        int[] ports = FreePorts(4 * nodes);
        Configuration = new ClusterConfiguration
        {
            Cluster = "test",
            Nodes = [.. Enumerable.Range(0, nodes).Select(i => new ConfiguredNode
            {
                Name = $"n{i + 1}", Silo = ports[4 * i], Gateway = ports[(4 * i) + 1], Http = ports[(4 * i) + 2], Peer = ports[(4 * i) + 3], Data = Path.Combine(_folder, $"n{i + 1}"),
            })],
            Members = ["n1", "n2", "n3"],
            Replicas = ["n1", "n2", "n3"],
        };
    }

    public ClusterConfiguration Configuration { get; }

    public TableNode this[string node] => _nodes[node];

    public static async Task<TableCluster> StartAsync(int nodes = 3)
    {
        TableCluster cluster = new(nodes);
        await cluster.StartAsync([.. cluster.Configuration.Nodes.Select(static node => node.Name)]);
        return cluster;
    }

    /// <summary>Starts nodes one after the other, and waits until all of them have found their cluster.</summary>
    public async Task StartAsync(params string[] nodes)
    {
        foreach (string node in nodes) await BeginAsync(node);
        await Task.WhenAll(nodes.Select(node => _nodes[node].Opened)).WaitAsync(Eventually.Patience);
    }

    /// <summary>Starts a node, which may have to wait for others.</summary>
    public async Task<TableNode> BeginAsync(string node) => _nodes[node] = await TableNode.StartAsync(Configuration, node);

    /// <summary>Ends nodes as a crash would.</summary>
    public async Task KillAsync(params string[] nodes)
    {
        foreach (string node in nodes)
        {
            await _nodes[node].DisposeAsync();
            _nodes.Remove(node);
        }
    }

    /// <summary>Deletes a dead node's disk.</summary>
    public void Wipe(string node) => Directory.Delete(Configuration.Find(node).Data, recursive: true);

    /// <summary>A client that reaches the table as a silo does.</summary>
    public MembersClient Client(ClusterConfiguration? configuration = null)
    {
        PeerClient peers = Peers(configuration);
        return new MembersClient(peers, TimeProvider.System) { Patience = Eventually.Patience };
    }

    public PeerClient Peers(ClusterConfiguration? configuration = null)
    {
        PeerClient peers = new(configuration ?? Configuration, TimeProvider.System);
        _clients.Add(peers);
        return peers;
    }

    /// <summary>The table as a silo sees it whose clock is wrong by so much.</summary>
    public RaftMembershipTable Table(TimeSpan clockError = default) => new(Client(), new WrongClock(clockError));

    /// <summary>The node that leads, once there is one.</summary>
    public async Task<string> LeaderAsync()
    {
        string? leader = null;
        await Eventually.Holds("the group has a leader", async () =>
        {
            foreach (TableNode node in _nodes.Values)
                if (await node.StateAsync() is { Role: RaftRole.Leader, Failure: null } state && state.Applied >= state.Commit) leader = node.Name;
            return leader is not null;
        });
        return leader!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PeerClient client in _clients) client.Dispose();
        foreach (TableNode node in _nodes.Values) await node.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] held = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in held) listener.Start();
        int[] ports = [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in held) listener.Dispose();
        return ports;
    }

    private sealed class WrongClock(TimeSpan error) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + error;
    }
}
