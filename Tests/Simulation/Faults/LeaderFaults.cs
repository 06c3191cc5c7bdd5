namespace Quorleans.Simulation;

/// <summary>What hits the leader in particular, and changes of who leads.</summary>
internal static class LeaderFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("leader killed", "leader", f => f.Crash(f.Leader, UnsyncedFate.Random)),
        new("leader paused", "leader", f => ProcessFaults.Pause(f, f.Leader)),
        new("short-lived leader", "leader", ShortLived),
        new("leadership transfer", "leader", Transfer),
        new("leader hung on its disk", "leader", HungLeader),
    ];

    /// <summary>The next leader dies within moments of its election.</summary>
    private static bool ShortLived(FaultInjector f)
    {
        Checker checker = f.Checker;
        checker.Elected = leader =>
        {
            checker.Elected = null;
            f.World.After(f.Random.Between(0, 3_000), () => f.Crash(leader, (UnsyncedFate)f.Random.Below(3)));
        };
        if (f.Leader is { } old) f.Crash(old, UnsyncedFate.Kept, f.Random.Between(0, 100_000));
        return true;
    }

    private static bool Transfer(FaultInjector f)
    {
        if (f.Leader is not { Raft: { } raft }) return false;
        _ = raft.TransferLeadershipAsync(f.Cluster.Group.Name, f.Random.Of(f.Nodes).Name);
        return true;
    }

    private static bool HungLeader(FaultInjector f)
    {
        if (f.Leader is not { } leader) return false;
        leader.DiskTimes.HangsUntilUs = f.World.NowUs + f.Duration();
        return true;
    }
}
