using System.Globalization;
using Quorleans.Hosting;

namespace Quorleans.Silo;

/// <summary>
/// What the silo executable is told: by <c>appsettings.json</c> and the environment (section <c>Quorleans</c>, such as
/// <c>Quorleans__Nodes=5</c>), and on the command line, which wins.
/// </summary>
internal sealed record ServerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Quorleans";

    /// <summary>The configuration of a cluster of processes; null: this process is an embedded cluster.</summary>
    public string? Config { get; init; }

    /// <summary>Which of that cluster's nodes this process is.</summary>
    public string? Node { get; init; }

    /// <summary>How many nodes the embedded cluster has; null: as many as the data directory has, or 3.</summary>
    public int? Nodes { get; init; }

    /// <summary>On how many of them a new cluster's group begins; null: 3, or all when there are fewer.</summary>
    public int? Replicas { get; init; }

    /// <summary>The data directory.</summary>
    public string Data { get; init; } = "data";

    /// <summary>The HTTP port on loopback: dashboard, health, metrics, administration.</summary>
    public int Http { get; init; } = 8080;

    /// <summary>The first node's port for clients.</summary>
    public int GatewayPort { get; init; } = 30001;

    /// <summary>The first node's port for other silos.</summary>
    public int SiloPort { get; init; } = 11111;

    /// <summary>Whether the dashboard is on. Its call filter costs every call a little.</summary>
    public bool Dashboard { get; init; } = true;

    /// <summary>Whether more is logged than warnings.</summary>
    public bool Verbose { get; init; }

    /// <summary>How the nodes take part in MapReduce jobs, such as <c>Quorleans__MapReduce__OutputRoots__0=/data</c>.</summary>
    public MapReduceOptions MapReduce { get; init; } = new();

    /// <summary>Says what is wrong.</summary>
    /// <returns>Null when all is well.</returns>
    public string? Check()
    {
        if (MapReduce.Slots is < 1 or > 1024) return Say($"MapReduce:Slots is {MapReduce.Slots}; it must be 1 to 1024");
        if (Config is not null) return string.IsNullOrWhiteSpace(Node) ? "--config needs --node, the name of the node that this process shall be" : null;
        if (Node is not null) return "--node needs --config, the cluster's configuration file";
        int nodes = Nodes ?? 3;
        if (nodes is < 1 or > 9) return Say($"--nodes is {Nodes}; it must be 1 to 9");
        if (Replicas is { } replicas && (replicas < 1 || replicas > (Nodes ?? 9))) return Say($"--replicas is {Replicas}; it must be 1 to the number of nodes, {Nodes ?? 9}");
        if (string.IsNullOrWhiteSpace(Data)) return "--data is empty; it must name a directory";
        if (Http is < 1 or > 65535) return Say($"--http is {Http}; it must be a port, 1 to 65535");
        if (GatewayPort < 1 || GatewayPort + nodes - 1 > 65535) return Say($"--gateway-port is {GatewayPort}; it and the next {nodes - 1} must be ports, 1 to 65535");
        if (SiloPort < 1 || SiloPort + nodes - 1 > 65535) return Say($"--silo-port is {SiloPort}; it and the next {nodes - 1} must be ports, 1 to 65535");
        if (Math.Abs(GatewayPort - SiloPort) < nodes) return Say($"--gateway-port {GatewayPort} and --silo-port {SiloPort} overlap for {nodes} nodes");
        if (In(Http, GatewayPort, nodes) || In(Http, SiloPort, nodes)) return Say($"--http {Http} is also a port of a node");
        return null;
    }

    private static bool In(int port, int first, int count) => port >= first && port < first + count;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
