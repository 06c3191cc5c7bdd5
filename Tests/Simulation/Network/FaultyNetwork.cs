namespace Quorleans.Simulation;

/// <summary>
/// A network that may lose, delay, repeat and reorder any packet, cut any direction of any pair, and slow down whom it likes. Everything is counted,
/// so that faults may overlap and end in any order.
/// </summary>
/// <param name="random">Its chance.</param>
/// <param name="processes">How many processes there are, nodes first.</param>
/// <param name="nodes">How many of them are nodes.</param>
internal sealed class FaultyNetwork(SimulationRandom random, int processes, int nodes) : INetworkModel
{
    private readonly int[,] _cuts = new int[processes, processes];
    private readonly long[] _slowUs = new long[processes];

    /// <summary>The least that a hop takes, and how much longer it may take.</summary>
    internal long HopUs { get; set; } = World.HopUs;

    internal long JitterUs { get; set; }

    /// <summary>Losses of any packet, in a million.</summary>
    internal int Lost { get; set; }

    /// <summary>Losses of answers, in a million.</summary>
    internal int RepliesLost { get; set; }

    internal int Repeated { get; set; }

    internal int Reordered { get; set; }

    /// <summary>How far a reordered packet or a second copy may come behind.</summary>
    internal long BehindUs { get; set; } = 50_000;

    /// <summary>What every packet takes longer now.</summary>
    internal long BurstUs { get; set; }

    /// <summary>How many losses in a million are told to the sender, as a broken connection.</summary>
    internal int Reported { get; set; }

    internal bool ReportsDead { get; set; } = true;

    bool INetworkModel.ReportsDeadReceiver => ReportsDead;

    internal void Cut(int from, int to) => _cuts[from, to]++;

    internal void Mend(int from, int to) => _cuts[from, to]--;

    internal void Slow(int process, long us) => _slowUs[process] += us;

    /// <inheritdoc/>
    public Fate Decide(in Packet packet)
    {
        (int from, int to) = (IndexOf(packet.From), IndexOf(packet.To));
        if (_cuts[from, to] > 0 || random.Chance(Lost) || (packet.Kind is PacketKind.RaftReply or PacketKind.ClientReply && random.Chance(RepliesLost)))
            return random.Chance(Reported) ? Fate.LostAndReported(random.Between(HopUs, 20 * HopUs)) : Fate.Lost;
        long delay = HopUs + BurstUs + _slowUs[from] + _slowUs[to];
        if (JitterUs > 0) delay += random.Between(0, JitterUs);
        if (random.Chance(Reordered)) delay += random.Between(0, BehindUs);
        return new Fate(delay, random.Chance(Repeated) ? delay + random.Between(0, BehindUs) : -1);
    }

    private int IndexOf(string name) => name[0] == 'n' ? name[1] - '1' : nodes + name[1] - '1';
}
