namespace Quorleans.Simulation;

/// <summary>What the network was given to carry. Lost and repeated packets count once: sending is what costs.</summary>
public sealed class NetworkCounters
{
    private readonly long[] _packets = new long[4];
    private readonly Dictionary<string, long> _requestsTo = new(StringComparer.Ordinal);

    /// <summary>Requests sent, of Raft's members and of clients.</summary>
    public long Requests => Packets(PacketKind.RaftRequest) + Packets(PacketKind.ClientRequest);

    /// <summary>Bytes sent, in packets of all kinds.</summary>
    public long Bytes { get; private set; }

    /// <summary>Packets of a kind.</summary>
    public long Packets(PacketKind kind) => _packets[(int)kind];

    /// <summary>Requests sent to a process.</summary>
    public long RequestsTo(string name) => _requestsTo.GetValueOrDefault(name);

    internal void Count(in Packet packet)
    {
        _packets[(int)packet.Kind]++;
        Bytes += packet.Bytes.Length;
        if (packet.Kind is PacketKind.RaftRequest or PacketKind.ClientRequest)
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_requestsTo, packet.To, out _)++;
    }
}
