using Quorleans.KeyValue;

namespace Quorleans.Simulation;

/// <summary>What hits groups in the middle of a hand-off. Only in the sharded world.</summary>
internal static class ShardFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("source's leader dies behind a freeze", "leader", f => BehindFreeze(f, isSource: true)),
        new("destination's leader dies behind a freeze", "leader", f => BehindFreeze(f, isSource: false)),
    ];

    /// <summary>Nobody serves the shard at that moment, and what its source could still send may be gone with its leader.</summary>
    private static bool BehindFreeze(FaultInjector f, bool isSource)
    {
        f.NextFreeze = move =>
        {
            string group = GroupNames.Of((isSource ? move.From : move.To).Gid);
            f.World.After(f.Random.Between(0, 6_000), () =>
            {
                if (f.Groups?.Invoke().FirstOrDefault(living => living.Cluster.Group.Name == group) is { } living) f.Crash(living.Cluster.Leader, (UnsyncedFate)f.Random.Below(3), f.Random.Between(0, 2_000_000));
            });
        };
        return true;
    }
}
