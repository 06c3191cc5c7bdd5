using Quorleans.Clerk;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>
/// What a seed makes of a run: how many nodes and clients, all timings and sizes, and which kinds of faults there are at all. Leaving out half of the
/// kinds in each run finds more than having all of them in every run (Groce et al., Swarm Testing, 2012).
/// </summary>
internal sealed record Swarm
{
    internal required int Nodes { get; init; }

    /// <summary>Nodes that the group does not begin with. None: its members never change.</summary>
    internal required int Spares { get; init; }

    internal required int Clients { get; init; }

    internal required int CallersEach { get; init; }

    internal required long ThinkUs { get; init; }

    internal required int Keys { get; init; }

    /// <summary>How many of a hundred operations are transactions; then two keys share a tag.</summary>
    internal required int Transactions { get; init; }

    /// <summary>Of 100 operations, how many read.</summary>
    internal required int Reads { get; init; }

    internal required bool FollowerReads { get; init; }

    internal required RaftOptions Raft { get; init; }

    /// <summary>Of each node: what one has forgotten, another may still have.</summary>
    internal required IReadOnlyList<long> SnapshotThresholdBytes { get; init; }

    internal required IReadOnlyList<long> RetainedBytes { get; init; }

    internal required int SnapshotChunkBytes { get; init; }

    internal required int LogSegmentBytes { get; init; }

    internal required ClerkOptions Clerk { get; init; }

    internal required long HopUs { get; init; }

    internal required long JitterUs { get; init; }

    internal required int ReportedLosses { get; init; }

    internal required bool ReportsDead { get; init; }

    internal required long SafetyUs { get; init; }

    internal required long FaultIntervalUs { get; init; }

    internal required ulong FaultSeed { get; init; }

    internal required IReadOnlyList<Fault> Faults { get; init; }

    internal long ElectionUs => Raft.ElectionTicks * Raft.TickMilliseconds * 2_000L;

    internal static Swarm Of(SimulationOptions options)
    {
        SimulationRandom random = new(options.Seed * 0x9E3779B97F4A7C15 + 1);
        // Its own chance, so that the seeds without spare nodes (or transactions, or overload) are what they were.
        SimulationRandom members = new(options.Seed * 0x9E3779B97F4A7C15 + 2);
        SimulationRandom transactions = new(options.Seed * 0x9E3779B97F4A7C15 + 3);
        SimulationRandom load = new(options.Seed * 0x9E3779B97F4A7C15 + 4);
        int spares = options.Profile is "full" or ShardedSimulator.Profile or MembershipFaults.Area ? members.Of([0, 1, 2, 2, 3, 0]) : 0;
        if (options.Profile == MembershipFaults.Area) spares = Math.Max(1, spares);
        int nodes = random.Of([3, 3, 3, 3, 3, 3, 5, 5, 4, 2]);
        int clients = 1 + random.Below(4);
        int tick = random.Of([10, 20, 20, 50]);
        int election = random.Of([10, 10, 15, 20]);
        RaftOptions raft = new()
        {
            TickMilliseconds = tick,
            ElectionTicks = election,
            HeartbeatTicks = Math.Max(1, election / random.Of([3, 4, 5])),
            RetransmitTicks = random.Of([election, election / 2, election * 2]),
            MaxAppendBytes = random.Of([1 << 20, 1 << 20, 2_000, 200]),
            MaxPendingReads = random.Of([100_000, 100_000, 2]),
            MaxReadRounds = random.Of([1, 2, 4]),
            MaxEntryBytes = 64 << 10,
            MaxPendingBytes = random.Of([64 << 20, 64 << 20, 64 << 10]),
            MaxPendingEntries = load.Of([4096, 4096, 4096, 3, 1]),
        };
        List<string> known = [.. Enumerable.Range(1, nodes).Select(i => $"n{i}")];
        ClerkOptions clerk = new()
        {
            Nodes = known,
            OperationTimeout = TimeSpan.FromMilliseconds(random.Of([1_500, 4_000, 10_000])),
            AttemptTimeout = TimeSpan.FromMilliseconds(random.Of([300, 800, 2_000])),
            SuspectAfter = TimeSpan.FromMilliseconds(random.Of([50, 150, 400])),
            MaxBatchesInFlight = 1 + random.Below(4),
            Batching = !random.OneIn(8),
        };
        Swarm swarm = new()
        {
            Nodes = nodes,
            Spares = spares,
            Clients = options.Clients > 0 ? Math.Min(options.Clients, clients) : clients,
            CallersEach = 1 + random.Below(3),
            ThinkUs = random.Of([300_000L, 1_000_000, 2_000_000, 4_000_000]) * options.OperationsEvery,
            Keys = 1 + random.Below(5),
            Transactions = transactions.Of([0, 0, 0, 15, 40]),
            Reads = 15 + random.Below(55),
            FollowerReads = random.OneIn(3),
            Raft = raft,
            SnapshotThresholdBytes = Each([1_500, 6_000, 30_000, 1 << 20]),
            RetainedBytes = Each([0, 0, 500, 4_000, 1 << 20]),
            SnapshotChunkBytes = random.Of([300, 1_000, 512 << 10]),
            LogSegmentBytes = random.Of([64 << 10, 128 << 10, 256 << 10]),
            Clerk = clerk,
            HopUs = random.Of([World.HopUs, 1_000, 3_000]),
            JitterUs = random.Of([0, 200, 2_000, 8_000]),
            ReportedLosses = random.Of([0, 300_000, 1_000_000]),
            ReportsDead = !random.OneIn(3),
            SafetyUs = random.Between(15_000_000, 45_000_000),
            FaultIntervalUs = random.Of([200_000L, 400_000, 600_000, 700_000]) * options.FaultsEvery,
            FaultSeed = random.Next(),
            Faults = Choose(random, options),
        };
        if (spares == 0) swarm = swarm with { Faults = [.. swarm.Faults.Where(fault => fault.Area != MembershipFaults.Area)] };
        // Who knows only the first members finds the others by what these say. A disk that was lost says nothing.
        else if (members.OneIn(2) || swarm.Faults.Any(fault => fault.LosesDisks)) known.AddRange(Enumerable.Range(nodes + 1, spares).Select(i => $"n{i}"));

        long[] Each(long[] choices)
        {
            bool same = random.OneIn(2);
            long[] each = new long[nodes + spares];
            for (int i = 0; i < nodes; i++) each[i] = same && i > 0 ? each[0] : random.Of(choices);
            for (int i = nodes; i < each.Length; i++) each[i] = same ? each[0] : members.Of(choices);
            return each;
        }

        return options.Seconds > 0 ? swarm with { SafetyUs = Math.Min(swarm.SafetyUs, options.Seconds * 1_000_000L) } : swarm;
    }

    private static List<Fault> Choose(SimulationRandom random, SimulationOptions options)
    {
        List<Fault> chosen = [];
        foreach (Fault fault in Fault.All)
        {
            bool wanted = random.OneIn(2);
            if (options.Profile is "full" or ShardedSimulator.Profile ? wanted : fault.Area == options.Profile) chosen.Add(fault);
        }

        chosen.RemoveAll(fault => options.Without.Contains(fault.Name));
        return chosen;
    }
}
