using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;

namespace Quorleans.Simulation;

/// <summary>What a seed makes of a sharded run, beside what it makes of any.</summary>
internal sealed record ShardedSwarm
{
    internal required ShardFunction Shards { get; init; }

    /// <summary>Groups are numbered from 1 to this; of those that left, each may come again.</summary>
    internal required int Gids { get; init; }

    internal required long MoveIntervalUs { get; init; }

    internal required HandoffLimits Handoff { get; init; }

    internal required HandoffDriverOptions Driver { get; init; }

    internal required int Keys { get; init; }

    internal required long SafetyUs { get; init; }

    internal static ShardedSwarm Of(SimulationOptions options)
    {
        SimulationRandom random = new(options.Seed * 0x9E3779B97F4A7C15 + 3);
        HandoffLimits handoff = new()
        {
            ChunkBytes = random.Of([40, 300, 4_000, 64 << 10]),
            DeltaBytes = random.Of([40, 1_000, 64 << 10]),
            FinalBytes = random.Of([100, 2_000, 256 << 10]),
            FreezeLagOperations = random.Of([0, 1, 4, 64]),
            FreezeLagBytes = random.Of([500, 256 << 10, 256 << 10]),
            BufferBytes = random.Of([2_000, 64 << 20, 64 << 20, 64 << 20]),
        };
        long safety = random.Between(8_000_000, 25_000_000);
        return new ShardedSwarm
        {
            Shards = ShardFunction.HashTag(random.Of([2, 3, 5, 8])),
            Gids = 2 + random.Below(3),
            MoveIntervalUs = random.Of([150_000L, 400_000, 1_000_000, 2_500_000]),
            Handoff = handoff,
            Driver = new HandoffDriverOptions
            {
                Limits = handoff, MovesPerPeer = random.Of([1, 2, 4]), ChunkWindow = random.Of([1, 4]), FreshMs = random.Of([50, 200, 1_000]), RetryMs = random.Of([100, 500]),
                PullTimeoutMs = random.Of([100, 500]),
            },
            Keys = 2 + random.Below(8),
            SafetyUs = options.Seconds > 0 ? Math.Min(safety, options.Seconds * 1_000_000L) : safety,
        };
    }
}
