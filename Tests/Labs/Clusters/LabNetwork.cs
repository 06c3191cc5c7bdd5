using Quorleans.Raft;
using Quorleans.Simulation;

namespace Quorleans.Labs;

/// <summary>
/// The labs' network (labrpc): requests and their answers, each on its own way, so that nothing is in order even when nothing is lost. Delays and
/// chances are the labs'; beyond them every hop takes 0.2 to 0.4 ms, since virtual time must go on.
/// </summary>
/// <remarks>
/// Unreliable: a request takes up to 26 ms more, then one in ten is lost before it is handled, and one answer in ten after it was. Long
/// reordering: two answers in three come 0.2 to 2.2 s later. A request over a cut connection fails after up to 7 s with long
/// delays (the labs' for Raft), after up to 0.1 s without (for key/value servers). An answer does not cross a connection that was cut meanwhile.
/// </remarks>
internal sealed class LabNetwork : INetworkModel
{
    private const int HopUs = (int)World.HopUs;
    private readonly SimulationRandom _random;
    private readonly bool[,] _links;
    private readonly Dictionary<string, bool[]> _clients = new(StringComparer.Ordinal);

    internal LabNetwork(int servers, SimulationRandom random)
    {
        (_links, _random) = (new bool[servers, servers], random);
        foreach (ref bool link in System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref _links[0, 0], _links.Length)) link = true;
    }

    internal bool Unreliable { get; set; }

    internal bool LongReordering { get; set; }

    internal bool LongDelays { get; set; }

    /// <summary>Requests that reached a server's door; the labs count the same.</summary>
    internal long DeliveredToServers { get; private set; }

    /// <summary>Bytes as the labs count them: of requests when they are sent, of answers when they are delivered.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Raft requests sent, over cut connections too.</summary>
    internal long RaftRequests { get; private set; }

    /// <summary>Of a scripted scenario: decides about a packet first.</summary>
    /// <returns>Null leaves it to the model.</returns>
    internal delegate Fate? Director(in Packet packet);

    /// <summary>For scripted scenarios, or null.</summary>
    internal Director? Script { get; set; }

    internal void Link(int a, int b, bool enabled) => _links[a, b] = _links[b, a] = enabled;

    internal void LinkClient(string client, bool[] servers) => _clients[client] = servers;

    /// <inheritdoc/>
    public bool ReportsDeadReceiver => true;

    /// <inheritdoc/>
    public Fate Decide(in Packet packet)
    {
        bool isRequest = packet.Kind is PacketKind.RaftRequest or PacketKind.ClientRequest;
        if (packet.Kind == PacketKind.RaftRequest) RaftRequests++;
        if (isRequest) Bytes += packet.Bytes.Length;
        Fate fate = Script?.Invoke(packet) ?? (isRequest ? Request(packet) : Answer(packet));
        if (fate.DelayUs < 0) return fate;
        if (isRequest) DeliveredToServers++;
        else Bytes += packet.Bytes.Length;
        return fate;
    }

    private Fate Request(in Packet packet)
    {
        if (!Reaches(packet.From, packet.To)) return Fate.LostAndReported(_random.Below(LongDelays ? 7_000_000 : 100_000));
        long delay = HopUs + _random.Below(HopUs);
        if (!Unreliable) return new Fate(delay);
        delay += _random.Below(27_000);
        return _random.Below(1000) < 100 ? Fate.LostAndReported(delay) : new Fate(delay);
    }

    private Fate Answer(in Packet packet)
    {
        if (!Reaches(packet.To, packet.From)) return Fate.LostAndReported(0);
        long delay = HopUs + _random.Below(HopUs);
        if (Unreliable && _random.Below(1000) < 100) return Fate.LostAndReported(delay);
        if (LongReordering && _random.Below(900) < 600) delay += 1000 * (200 + _random.Below(1 + _random.Below(2000)));
        return new Fate(delay);
    }

    private bool Reaches(string from, string to)
    {
        int server = ServerOf(to);
        return _clients.TryGetValue(from, out bool[]? servers) ? servers[server] : _links[ServerOf(from), server];
    }

    internal static int ServerOf(string node) => node.Length == 2 ? node[1] - '1' : ((node[1] - '0') * 10) + node[2] - '1';

    /// <summary>Reads a Raft packet's message, for scripts.</summary>
    internal static RaftMessage Read(in Packet packet, Guid cluster, GroupId group) =>
        MessageCodec.TryDecode(cluster, group, packet.Bytes, out RaftMessage? message) == MessageError.None
            ? message!
            : throw new InvalidOperationException("A packet that is no Raft message.");
}
