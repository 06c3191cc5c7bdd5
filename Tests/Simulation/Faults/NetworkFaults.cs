namespace Quorleans.Simulation;

/// <summary>What networks do.</summary>
internal static class NetworkFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("packet loss", "network", f => Rate(f, 20_000, 400_000, (n, by) => n.Lost += by)),
        new("lost replies", "network", f => Rate(f, 50_000, 700_000, (n, by) => n.RepliesLost += by)),
        new("repeated packets", "network", f => Rate(f, 50_000, 500_000, (n, by) => n.Repeated += by)),
        new("reordering", "network", f => Rate(f, 50_000, 600_000, (n, by) => n.Reordered += by)),
        new("delay burst", "network", DelayBurst),
        new("stale packets", "network", StalePackets),
        new("one-way cut", "network", f => Cuts(f, [(f.AnyNode(), f.AnyNode())])),
        new("cut pair", "network", f => CutPair(f, f.AnyNode(), f.AnyNode())),
        new("partition", "network", Partition),
        new("isolated node", "network", f => Isolate(f, f.AnyNode(), into: true, outOf: true)),
        new("isolated leader", "network", f => f.Leader is { } leader && Isolate(f, f.IndexOf(leader), into: true, outOf: true)),
        new("leader hears nobody", "network", f => f.Leader is { } leader && Isolate(f, f.IndexOf(leader), into: true, outOf: false)),
        new("leader reaches nobody", "network", f => f.Leader is { } leader && Isolate(f, f.IndexOf(leader), into: false, outOf: true)),
        new("all but a bridge", "network", Bridge),
        new("clients cut off the leader", "network", ClientsCutOff),
        new("slow follower", "network", f => f.Leader is { } leader && Slow(f, (f.IndexOf(leader) + 1 + f.Random.Below(f.Nodes.Count - 1)) % f.Nodes.Count)),
        new("slow leader", "network", f => f.Leader is { } leader && Slow(f, f.IndexOf(leader))),
    ];

    private static bool Rate(FaultInjector f, int from, int to, Action<FaultyNetwork, int> change)
    {
        int by = (int)f.Random.Between(from, to);
        change(f.Network, by);
        return f.For(() => change(f.Network, -by));
    }

    private static bool DelayBurst(FaultInjector f)
    {
        long us = f.Random.Between(1_000, 400_000);
        f.Network.BurstUs += us;
        return f.For(() => f.Network.BurstUs -= us);
    }

    /// <summary>Second copies that come seconds later, when terms have changed.</summary>
    private static bool StalePackets(FaultInjector f)
    {
        long before = f.Network.BehindUs;
        f.Network.BehindUs = f.Random.Between(500_000, 5_000_000);
        f.Network.Repeated += 300_000;
        return f.For(() =>
        {
            f.Network.BehindUs = before;
            f.Network.Repeated -= 300_000;
        });
    }

    private static bool Cuts(FaultInjector f, IReadOnlyList<(int From, int To)> cuts)
    {
        foreach ((int from, int to) in cuts) f.Network.Cut(from, to);
        return f.For(() =>
        {
            foreach ((int from, int to) in cuts) f.Network.Mend(from, to);
        });
    }

    private static bool CutPair(FaultInjector f, int one, int other) => one != other && Cuts(f, [(one, other), (other, one)]);

    private static bool Partition(FaultInjector f)
    {
        int all = f.Nodes.Count + f.Clerks.Count;
        bool[] left = new bool[all];
        for (int i = 0; i < all; i++) left[i] = f.Random.OneIn(2);
        List<(int, int)> cuts = [];
        for (int i = 0; i < all; i++)
            for (int j = 0; j < all; j++)
                if (left[i] != left[j]) cuts.Add((i, j));
        return cuts.Count > 0 && Cuts(f, cuts);
    }

    private static bool Isolate(FaultInjector f, int node, bool into, bool outOf)
    {
        List<(int, int)> cuts = [];
        for (int i = 0; i < f.Nodes.Count; i++)
        {
            if (i == node) continue;
            if (into) cuts.Add((i, node));
            if (outOf) cuts.Add((node, i));
        }

        return cuts.Count > 0 && Cuts(f, cuts);
    }

    /// <summary>One node reaches all others, which do not reach each other.</summary>
    private static bool Bridge(FaultInjector f)
    {
        int bridge = f.AnyNode();
        List<(int, int)> cuts = [];
        for (int i = 0; i < f.Nodes.Count; i++)
            for (int j = 0; j < f.Nodes.Count; j++)
                if (i != j && i != bridge && j != bridge) cuts.Add((i, j));
        return cuts.Count > 0 && Cuts(f, cuts);
    }

    private static bool ClientsCutOff(FaultInjector f)
    {
        if (f.Leader is not { } leader) return false;
        List<(int, int)> cuts = [];
        for (int i = 0; i < f.Clerks.Count; i++)
        {
            cuts.Add((f.Nodes.Count + i, f.IndexOf(leader)));
            cuts.Add((f.IndexOf(leader), f.Nodes.Count + i));
        }

        return Cuts(f, cuts);
    }

    private static bool Slow(FaultInjector f, int node)
    {
        long us = f.Random.Between(2_000, 150_000);
        f.Network.Slow(node, us);
        return f.For(() => f.Network.Slow(node, -us));
    }
}
