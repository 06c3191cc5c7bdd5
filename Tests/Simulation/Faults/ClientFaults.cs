namespace Quorleans.Simulation;

/// <summary>What clients do.</summary>
internal static class ClientFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("client dies", "client", f => f.Workload.Kill(f.Random.Below(f.Clerks.Count))),
        new("client paused", "client", Pause),
        new("caller gives up", "client", f => f.Workload.GiveUp(f.Random.Below(f.Clerks.Count))),
        new("burst of large writes", "client", f => f.Workload.Burst(f.Random.Below(f.Clerks.Count), 4 + f.Random.Below(12))),
    ];

    private static bool Pause(FaultInjector f)
    {
        SimulatedClerk clerk = f.Random.Of(f.Clerks);
        if (clerk.IsPaused) return false;
        clerk.Pause();
        return f.For(clerk.Resume);
    }
}
