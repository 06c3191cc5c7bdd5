namespace Quorleans.Labs.KeyValue;

/// <summary>The labs' GenericTest: its parameters, by the labs' own names.</summary>
/// <param name="Clients">How many clients.</param>
/// <param name="Servers">How many servers.</param>
internal sealed record Workload(int Clients, int Servers)
{
    /// <summary>The network loses and delays.</summary>
    internal bool Unreliable { get; init; }

    /// <summary>All servers crash after each period, and start again a second later.</summary>
    internal bool Crash { get; init; }

    /// <summary>The servers are split in two at random, every second or so.</summary>
    internal bool Partitions { get; init; }

    /// <summary>Not in the labs, whose partitions never cut a client: each client is on one side of each partition too.</summary>
    internal bool PartitionsClients { get; init; }

    /// <summary>Clients share keys. Otherwise each has one of its own, and knows exactly what it has to read.</summary>
    internal bool RandomKeys { get; init; }

    /// <summary>The live log's size in bytes at which a snapshot is due, or -1: none is ever taken.</summary>
    internal int MaxRaftState { get; init; } = -1;
}
