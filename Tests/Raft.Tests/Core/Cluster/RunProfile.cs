namespace Quorleans.Raft.Tests;

/// <summary>How rough a random run is. Each seed draws its own (swarm testing), since a mix of everything at once hides what needs a quiet moment.</summary>
internal sealed record RunProfile
{
    internal int Voters { get; init; }

    internal int Learners { get; init; }

    internal required RaftOptions Options { get; init; }

    internal int ChunkBytes { get; init; }

    /// <summary>Milliseconds that a hop takes at most; at least 1. Hops with different delays overtake each other.</summary>
    internal int MaxDelay { get; init; }

    internal int LossPercent { get; init; }

    internal int DuplicatePercent { get; init; }

    /// <summary>Milliseconds that a write takes at most.</summary>
    internal int MaxDiskDelay { get; init; }

    internal int MaxApplyDelay { get; init; }

    /// <summary>Mean milliseconds between two client operations.</summary>
    internal int ClientInterval { get; init; }

    internal int MaxPayload { get; init; }

    /// <summary>Mean milliseconds between two faults.</summary>
    internal int FaultInterval { get; init; }

    /// <summary>How often a member goes on to its next input before it takes the core's output.</summary>
    internal int DeferPercent { get; init; }

    /// <summary>Each kind of fault is on for some seeds and off for others.</summary>
    internal bool Crashes { get; init; }

    internal bool Partitions { get; init; }

    internal bool Pauses { get; init; }

    internal bool Snapshots { get; init; }

    internal bool Transfers { get; init; }

    internal bool Changes { get; init; }

    internal static RunProfile Draw(ref SplitMix64 random) => new()
    {
        Voters = Pick(ref random, 1, 2, 3, 3, 3, 4, 5, 5),
        Learners = Pick(ref random, 0, 0, 0, 1),
        Options = new RaftOptions
        {
            ElectionTicks = 10, HeartbeatTicks = Pick(ref random, 2, 3), RetransmitTicks = Pick(ref random, 4, 10),
            MaxAppendBytes = Pick(ref random, 64, 200, 4096), MaxEntryBytes = 256, MaxPendingBytes = Pick(ref random, 512, 1 << 16),
            MaxReadRounds = Pick(ref random, 1, 2, 3), MaxPendingReads = 50,
        },
        ChunkBytes = Pick(ref random, 7, 32, 1000),
        MaxDelay = Pick(ref random, 2, 10, 40),
        LossPercent = Pick(ref random, 0, 0, 5, 20),
        DuplicatePercent = Pick(ref random, 0, 0, 5, 25),
        MaxDiskDelay = Pick(ref random, 1, 10, 60),
        MaxApplyDelay = Pick(ref random, 1, 1, 30),
        ClientInterval = Pick(ref random, 3, 10, 40),
        MaxPayload = Pick(ref random, 8, 60),
        FaultInterval = Pick(ref random, 60, 200, 600),
        DeferPercent = Pick(ref random, 0, 0, 30, 70),
        Crashes = random.Next(4) > 0, Partitions = random.Next(4) > 0, Pauses = random.Next(3) == 0,
        Snapshots = random.Next(3) > 0, Transfers = random.Next(3) == 0, Changes = random.Next(2) == 0,
    };

    private static int Pick(ref SplitMix64 random, params ReadOnlySpan<int> values) => values[random.Next(values.Length)];
}
