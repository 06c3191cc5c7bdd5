using System.Net;

namespace Quorleans.Tests.Shared.Processes;

/// <summary>Where a node of a cluster of processes runs.</summary>
/// <param name="Name">Its name, such as <c>n1</c>.</param>
/// <param name="Address">The address that it listens on.</param>
/// <param name="FirstPort">The first of its four ports.</param>
internal sealed record NodePlace(string Name, IPAddress Address, int FirstPort)
{
    /// <summary>How many ports a node has: silo, gateway, http, peer.</summary>
    public const int Ports = 4;

    /// <summary>Its data directory; null: a folder of its name beside the configuration.</summary>
    public string? Data { get; init; }

    /// <summary>What its process is started by, in front of the program, such as a command that enters a network namespace.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    /// <summary>The file that gets what its processes write; null: it is kept in memory only.</summary>
    public string? Log { get; init; }

    /// <summary>Nodes on the loopback, on free ports.</summary>
    public static NodePlace[] OnLoopback(int nodes)
    {
        int first = Processes.Ports.FindRun(Ports * nodes);
        return [.. Enumerable.Range(0, nodes).Select(i => new NodePlace(FormattableString.Invariant($"n{i + 1}"), IPAddress.Loopback, first + (Ports * i)))];
    }
}
