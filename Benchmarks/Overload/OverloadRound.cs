namespace Quorleans.Benchmarks.Overload;

/// <summary>A round of clients in their process, and what it was like for the nodes in this one.</summary>
internal sealed record OverloadRound
{
    private const double Megabyte = 1 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>What the clients met.</summary>
    public required CrowdResult Crowd { get; init; }

    /// <summary>What the nodes' process spent.</summary>
    public required ProcessCosts Nodes { get; init; }

    /// <summary>The most batches that waited at the nodes at a time.</summary>
    public required int WaitingMost { get; init; }

    /// <summary>The most bytes of batches that did, in KiB.</summary>
    public required long WaitingKiBMost { get; init; }

    /// <summary>The most memory that the nodes' process had.</summary>
    public required double ResidentMostMiB { get; init; }

    /// <summary>The managed memory of the nodes when the clients had gone, without garbage.</summary>
    public required double SettledMiB { get; init; }

    /// <summary>Puts a second of one processor, whoever else used the machine.</summary>
    public double PutsPerProcessor => Crowd.PutsPerSecond / (Nodes.Processors + Crowd.Costs.Processors);

    /// <summary>Runs one.</summary>
    public static async Task<OverloadRound> RunAsync(BenchCluster cluster, CrowdProcess clients, CrowdPlan plan, CancellationToken cancellationToken)
    {
        Func<ProcessCosts> costs = ProcessCosts.Begin();
        Task<CrowdResult> crowd = clients.RunAsync(plan, () => Volatile.Write(ref costs, ProcessCosts.Begin()), cancellationToken);
        int waiting = 0;
        long waitingBytes = 0, resident = 0;
        while (!crowd.IsCompleted)
        {
            await Task.WhenAny(crowd, Task.Delay(Look, cancellationToken));
            (int batches, long bytes) = cluster.Waiting();
            (waiting, waitingBytes, resident) = (Math.Max(waiting, batches), Math.Max(waitingBytes, bytes), Math.Max(resident, Environment.WorkingSet));
        }

        CrowdResult result = await crowd;
        ProcessCosts spent = Volatile.Read(ref costs)();
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        return new OverloadRound
        {
            Crowd = result, Nodes = spent, WaitingMost = waiting, WaitingKiBMost = waitingBytes / 1024, ResidentMostMiB = resident / Megabyte,
            SettledMiB = GC.GetTotalMemory(forceFullCollection: true) / Megabyte,
        };
    }
}
