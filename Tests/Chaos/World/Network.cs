using System.Net;
using Quorleans.Tests.Shared.Processes;

namespace Quorleans.Chaos;

/// <summary>
/// Puts each node's process into a network namespace of its own, all on one bridge, on which the clients are too; and cuts directions. A cut makes the one side's table of neighbours
/// say that the other side has a hardware address that nobody has: what it sends is lost without an error, what it is sent arrives.
/// </summary>
internal sealed class Network : IDisposable
{
    private const string Nowhere = "02:00:00:00:00:99";
    private const int Clients = 254;
    private static readonly int Process = Environment.ProcessId;
    private readonly string _subnet = FormattableString.Invariant($"10.{200 + (Process % 50)}.{Process / 50 % 250}.");
    private readonly string _name = FormattableString.Invariant($"qc{Process % 100_000}");
    private readonly int _nodes;
    private readonly Lock _lock = new();
    private readonly Dictionary<(int From, int To), int> _cuts = [];
    private bool _isUp;

    private Network(int nodes) => _nodes = nodes;

    /// <summary>The number that stands for the clients, where others stand for nodes.</summary>
    public const int ClientSide = -1;

    private string Bridge => _name + "br";

    /// <summary>Builds one.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="problem">Why it cannot be built.</param>
    public static Network? TryBuild(int nodes, out string? problem)
    {
        Network network = new(nodes) { _isUp = true };
        try
        {
            network.Build();
            problem = null;
            return network;
        }
        catch (InvalidOperationException e)
        {
            network.Dispose();
            problem = e.Message;
            return null;
        }
    }

    /// <summary>Where a node runs.</summary>
    /// <param name="node">Its number, from 0 on.</param>
    /// <param name="name">Its name.</param>
    public NodePlace Place(int node, string name) => new(name, IPAddress.Parse(Address(node)), 20_000) { Wrapper = ["nsenter", $"--net=/run/netns/{Namespace(node)}"] };

    /// <summary>Loses all that one side sends to another. Cuts of the same direction add up.</summary>
    /// <param name="from">A node's number, or <see cref="ClientSide"/>.</param>
    /// <param name="to">Another.</param>
    public void Cut(int from, int to)
    {
        lock (_lock)
        {
            int before = _cuts.GetValueOrDefault((from, to));
            _cuts[(from, to)] = before + 1;
            if (before == 0) Tool.Must($"{Ip(from)} neigh replace {Address(to)} lladdr {Nowhere} dev {Device(from)} nud permanent");
        }
    }

    /// <summary>Takes a cut back.</summary>
    /// <param name="from">A node's number, or <see cref="ClientSide"/>.</param>
    /// <param name="to">Another.</param>
    public void Heal(int from, int to)
    {
        lock (_lock)
        {
            if (--_cuts[(from, to)] == 0) Tool.Must($"{Ip(from)} neigh del {Address(to)} dev {Device(from)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isUp) return;
        _isUp = false;
        for (int node = 0; node < _nodes; node++)
        {
            Tool.Run("ip", "netns", "del", Namespace(node));
            Tool.Run("ip", "link", "del", Port(node));
        }

        Tool.Run("ip", "link", "del", Bridge);
    }

    private void Build()
    {
        Tool.Must($"ip link add {Bridge} type bridge");
        Tool.Must($"ip addr add {Address(ClientSide)}/24 dev {Bridge}");
        Tool.Must($"ip link set {Bridge} up");
        for (int node = 0; node < _nodes; node++)
        {
            string space = Namespace(node);
            Tool.Must($"ip netns add {space}");
            Tool.Must($"ip link add {Port(node)} type veth peer name eth0 netns {space}");
            Tool.Must($"ip link set {Port(node)} master {Bridge} up");
            Tool.Must($"ip -n {space} addr add {Address(node)}/24 dev eth0");
            Tool.Must($"ip -n {space} link set eth0 up");
            Tool.Must($"ip -n {space} link set lo up");
        }
    }

    private string Namespace(int node) => FormattableString.Invariant($"{_name}-n{node + 1}");

    private string Port(int node) => FormattableString.Invariant($"{_name}p{node + 1}");

    private string Address(int side) => FormattableString.Invariant($"{_subnet}{(side == ClientSide ? Clients : side + 1)}");

    private string Ip(int side) => side == ClientSide ? "ip" : $"ip -n {Namespace(side)}";

    private string Device(int side) => side == ClientSide ? Bridge : "eth0";
}
