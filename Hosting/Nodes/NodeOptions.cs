using System.Net;

namespace Quorleans.Hosting;

/// <summary>
/// One node: its name, where its data lies and where it listens. Kept apart from what belongs to a process, because a process may hold
/// one node or several.
/// </summary>
public sealed record NodeOptions
{
    /// <summary>The node's name, such as <c>n1</c>; its silo bears the same.</summary>
    public required string Name { get; init; }

    /// <summary>Its data directory, which no other node may use.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The address that its silo and its gateway listen on and are known by. Default: the loopback.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port between silos.</summary>
    public required int SiloPort { get; init; }

    /// <summary>The TCP port for clients.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>What it shares with other nodes of its process when jobs run. Default: it has all of the process's slots for itself.</summary>
    public MapReduceShare? MapReduce { get; init; }

    /// <summary>Where clients reach it.</summary>
    public IPEndPoint Gateway => new(Address, GatewayPort);
}
