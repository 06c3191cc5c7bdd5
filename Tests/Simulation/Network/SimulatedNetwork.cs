namespace Quorleans.Simulation;

/// <summary>Carries packets between processes as its model decides.</summary>
/// <param name="world">Where they live.</param>
/// <param name="model">What becomes of each packet.</param>
public sealed class SimulatedNetwork(World world, INetworkModel model)
{
    private readonly Dictionary<string, SimulatedNode> _nodes = new(StringComparer.Ordinal);

    /// <summary>What becomes of each packet; may be changed at any time.</summary>
    public INetworkModel Model { get; set; } = model;

    /// <summary>What was sent.</summary>
    public NetworkCounters Counters { get; } = new();

    /// <summary>Called for each packet that is sent, with its fate.</summary>
    public Action<Packet, Fate>? Sent { get; set; }

    internal void Add(SimulatedNode node) => _nodes.Add(node.Name, node);

    internal SimulatedNode? Find(string name) => _nodes.GetValueOrDefault(name);

    /// <summary>Sends a request.</summary>
    /// <param name="packet">The request.</param>
    /// <param name="from">The sender, told of a loss in its present life only.</param>
    /// <param name="deliver">Takes it in; at the receiver, once for each copy, with whether it is the only one.</param>
    /// <param name="failed">Tells the sender that no answer will come; true when the request surely was not, and will not be, taken in.</param>
    internal void Request(in Packet packet, SimulatedProcess from, Action<SimulatedNode, bool> deliver, Action<bool> failed)
    {
        Fate fate = Decide(packet);
        if (fate.DelayUs < 0)
        {
            if (fate.ReportUs >= 0) from.After(fate.ReportUs, () => failed(false));
            return;
        }

        if (Find(packet.To) is not { } to) throw new InvalidOperationException($"No node is named {packet.To}.");
        bool single = fate.AgainUs < 0;
        int life = from.Life;
        world.After(fate.DelayUs, Arrive);
        if (!single) world.After(fate.AgainUs, Arrive);

        void Arrive()
        {
            if (to.IsUp) to.Do(() => deliver(to, single));
            else if (from.Life == life && Model.ReportsDeadReceiver) from.After(World.HopUs, () => failed(single));
        }
    }

    /// <summary>Sends an answer back.</summary>
    /// <param name="packet">The answer.</param>
    /// <param name="to">Who asked, in the life that asked.</param>
    /// <param name="life">That life.</param>
    /// <param name="deliver">Takes it in.</param>
    /// <param name="failed">Tells who asked that no answer will come.</param>
    internal void Reply(in Packet packet, SimulatedProcess to, int life, Action deliver, Action failed)
    {
        if (to.Life != life) return;
        Fate fate = Decide(packet);
        if (fate.DelayUs >= 0) to.After(fate.DelayUs, deliver);
        else if (fate.ReportUs >= 0) to.After(fate.ReportUs, failed);
        if (fate.AgainUs >= 0) to.After(fate.AgainUs, deliver);
    }

    private Fate Decide(in Packet packet)
    {
        Counters.Count(packet);
        Fate fate = Model.Decide(packet);
        Sent?.Invoke(packet, fate);
        return fate;
    }
}
