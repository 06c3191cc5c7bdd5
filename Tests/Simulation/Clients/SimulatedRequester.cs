using Quorleans.Clerk;

namespace Quorleans.Simulation;

/// <summary>
/// A client process that sends one request at a time to a group, as the labs' Clerks do: to every node in turn, or where it is pointed to, until
/// one answers. The same bytes each time, so that a state machine with sessions does it once.
/// </summary>
public sealed class SimulatedRequester : SimulatedProcess
{
    private const long PauseUs = 100_000;
    private const long TimeoutUs = 1_000_000;

    private readonly SimulatedNetwork _network;
    private readonly string _group;
    private readonly IReadOnlyList<string> _nodes;
    private long _attempt;
    private int _next;

    /// <summary>Creates a client, running.</summary>
    /// <param name="world">Where it lives.</param>
    /// <param name="network">What connects it to the nodes.</param>
    /// <param name="name">Its name, such as <c>c1</c>.</param>
    /// <param name="group">The group that it asks.</param>
    /// <param name="nodes">The group's nodes.</param>
    public SimulatedRequester(World world, SimulatedNetwork network, string name, string group, IReadOnlyList<string> nodes) : base(world, name)
    {
        (_network, _group, _nodes) = (network, group, nodes);
        Begin();
    }

    /// <summary>Sends a request until it is done. Not before the one before it is.</summary>
    /// <param name="isQuery">Whether it is a query; otherwise a command.</param>
    /// <param name="payload">The request.</param>
    /// <param name="done">Takes the answer.</param>
    public void Send(bool isQuery, ReadOnlyMemory<byte> payload, Action<ReadOnlyMemory<byte>> done)
    {
        long attempt = ++_attempt;
        string node = _nodes[_next % _nodes.Count];
        Packet request = new(PacketKind.ClientRequest, Name, node, _group, default, payload, World.NowUs);
        World.Trace?.Line($"{Name} -> {node} {(isQuery ? "query" : "command")} #{attempt}, {payload.Length} bytes");
        int life = Life;
        _network.Request(request, this, (receiver, _) => receiver.Submit(_group, isQuery, payload, reply => Answer(receiver, request, life, reply, Take)), _ => Again(null));
        After(TimeoutUs, () => Again(null));

        void Take(ClerkReply reply)
        {
            if (attempt != _attempt) return;
            if (reply.Status != ReplyStatus.Ok)
            {
                if (reply.Status == ReplyStatus.Invalid) throw new InvalidOperationException($"{node} refuses {Name}'s request: {reply.Error}");
                Again(reply.LeaderHint);
                return;
            }

            _attempt++;
            done(reply.Result);
        }

        void Again(string? leader)
        {
            if (attempt != _attempt) return;
            _attempt++;
            int hinted = leader is null || leader == node ? -1 : IndexOf(leader);
            _next = hinted >= 0 ? hinted : _next + 1;
            After(hinted >= 0 ? World.HopUs : PauseUs, () => Send(isQuery, payload, done));
        }
    }

    private void Answer(SimulatedNode from, Packet request, int life, ClerkReply reply, Action<ClerkReply> take)
    {
        Packet packet = new(PacketKind.ClientReply, from.Name, Name, request.Group, default, reply.Result, request.Sent);
        _network.Reply(packet, this, life, () => take(reply), () => take(reply with { Status = ReplyStatus.Unknown, LeaderHint = null }));
    }

    private int IndexOf(string node)
    {
        for (int i = 0; i < _nodes.Count; i++)
        {
            if (_nodes[i] == node) return i;
        }

        return -1;
    }
}
