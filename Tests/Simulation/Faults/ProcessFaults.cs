namespace Quorleans.Simulation;

/// <summary>What happens to processes and machines.</summary>
internal static class ProcessFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("process killed", "process", f => f.Crash(f.Running(), UnsyncedFate.Kept)),
        new("power lost", "process", f => f.Crash(f.Running(), UnsyncedFate.Lost)),
        new("power lost, some sectors kept", "process", f => f.Crash(f.Running(), UnsyncedFate.Random)),
        new("power lost before a disk operation", "process", f => Soon(f, CrashMoment.Before)),
        new("power lost in a disk operation", "process", f => Soon(f, CrashMoment.Torn)),
        new("power lost after a disk operation", "process", f => Soon(f, CrashMoment.After)),
        new("power lost while starting", "process", WhileStarting),
        new("killed again and again", "process", AgainAndAgain),
        new("all restarted at once", "process", AllAtOnce),
        new("majority down", "process", MajorityDown),
        new("paused", "process", f => Pause(f, f.Running())),
        new("clock drift", "process", ClockDrift),
    ];

    internal static bool Pause(FaultInjector f, SimulatedNode? node)
    {
        if (node is not { IsUp: true, IsPaused: false }) return false;
        node.Pause();
        f.World.Trace?.Line($"{node.Name} is paused");
        return f.For(node.Resume);
    }

    private static bool Soon(FaultInjector f, CrashMoment moment)
    {
        if (f.Running() is not { } node) return false;
        node.Disk.CrashAt(node.Disk.Operations + f.Random.Below(6), moment);
        return true;
    }

    private static bool WhileStarting(FaultInjector f)
    {
        if (f.Running() is not { } node) return false;
        f.Crash(node, (UnsyncedFate)f.Random.Below(3));
        node.Disk.CrashAt(node.Disk.Operations + f.Random.Below(5), (CrashMoment)f.Random.Below(3));
        return true;
    }

    private static bool AgainAndAgain(FaultInjector f)
    {
        if (f.Running() is not { } node) return false;
        for (int i = 0; i < 4; i++)
            f.World.After(i * f.Random.Between(20_000, 300_000), () => f.Crash(node, f.Random.OneIn(2) ? UnsyncedFate.Kept : UnsyncedFate.Random, f.Random.Between(0, 50_000)));
        return true;
    }

    private static bool AllAtOnce(FaultInjector f)
    {
        UnsyncedFate fate = (UnsyncedFate)f.Random.Below(3);
        bool any = false;
        foreach (SimulatedNode node in f.Nodes) any |= f.Crash(node, fate, f.Random.Between(0, 1_000_000));
        return any;
    }

    private static bool MajorityDown(FaultInjector f)
    {
        int down = (f.Nodes.Count / 2) + 1, first = f.AnyNode();
        bool any = false;
        for (int i = 0; i < down; i++) any |= f.Crash(f.Nodes[(first + i) % f.Nodes.Count], UnsyncedFate.Random, f.Random.Between(10_000, 2_000_000));
        return any;
    }

    private static bool ClockDrift(FaultInjector f)
    {
        SimulatedNode node = f.Random.Of(f.Nodes);
        if (node.ClockRate != 1_000_000) return false;
        node.ClockRate = f.Random.OneIn(2) ? f.Random.Between(300_000, 950_000) : f.Random.Between(1_050_000, 3_000_000);
        return f.For(() => node.ClockRate = 1_000_000);
    }
}
