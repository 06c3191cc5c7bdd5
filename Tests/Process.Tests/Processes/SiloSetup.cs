using System.Globalization;

namespace Quorleans.Processes.Tests.Processes;

/// <summary>How a silo is started: the same again after each of its deaths.</summary>
/// <param name="Data">Its data directory.</param>
internal sealed record SiloSetup(string Data)
{
    private const int MostNodes = 9;

    public int Nodes { get; init; } = 3;

    // One run of ports for all: http, then gateways, then silos.
    public int FirstPort { get; init; } = Ports.FindRun(1 + (2 * MostNodes));

    public string HttpAddress => Address(FirstPort);

    public Uri Http => new($"http://{HttpAddress}");

    public int GatewayPort => FirstPort + 1;

    public int SiloPort => FirstPort + 1 + MostNodes;

    public IReadOnlyList<int> Gateways => [.. Enumerable.Range(GatewayPort, Nodes)];

    public IReadOnlyList<string> Arguments =>
    [
        "--data", Data, "--nodes", Text(Nodes), "--http", Text(FirstPort), "--gateway-port", Text(GatewayPort), "--silo-port", Text(SiloPort), "--no-dashboard",
    ];

    /// <summary>What every client command needs to find it.</summary>
    public IReadOnlyList<string> ClientArguments => ["--gateway", string.Join(",", Gateways.Select(Address)), "--http", HttpAddress];

    private static string Address(int port) => $"127.0.0.1:{Text(port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
