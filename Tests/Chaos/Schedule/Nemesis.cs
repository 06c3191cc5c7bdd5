namespace Quorleans.Chaos;

/// <summary>Carries out faults of processes, disks and the network. Every fault is taken back before its lane goes on, also when the run ends in its midst.</summary>
/// <param name="world">The processes.</param>
/// <param name="admin">Knows who leads.</param>
/// <param name="log">Is told.</param>
internal sealed class Nemesis(ChaosWorld world, Administration admin, Log log)
{
    /// <summary>When a disk was last full, as <see cref="Environment.TickCount64"/>.</summary>
    public long LastDiskFull { get; private set; } = long.MinValue / 2;

    /// <summary>Carries out a fault.</summary>
    /// <returns>Whether it was possible.</returns>
    public Task<bool> DoAsync(Step step, CancellationToken stop) => step.Kind switch
    {
        FaultKind.Kill => OnANodeAsync(step, KillAsync, stop),
        FaultKind.Pause => OnANodeAsync(step, PauseAsync, stop),
        FaultKind.Restart => OnANodeAsync(step, RestartAsync, stop),
        FaultKind.DiskFull => FillAsync(step, stop),
        FaultKind.KillAll => KillAllAsync(step, stop),
        FaultKind.Cut => CutAsync(step, both: true, stop),
        FaultKind.CutOneWay => CutAsync(step, both: false, stop),
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private async Task<bool> OnANodeAsync(Step step, Func<ChaosNode, Step, CancellationToken, Task> act, CancellationToken stop)
    {
        // A leader is what hurts most: half of the time it is one.
        string? leader = step.Second % 2 == 0 ? await admin.FindLeaderAsync(step.Third, stop) : null;
        int first = leader is null ? step.First % world.Nodes.Count : world.Nodes.First(node => node.Name == leader).Number;
        for (int i = 0; i < world.Nodes.Count; i++)
        {
            ChaosNode node = world.Nodes[(first + i) % world.Nodes.Count];
            if (!node.TryTake()) continue;
            try
            {
                if (!world.Cluster.Has(node.Name) || world.Cluster[node.Name].HasExited) continue;
                await act(node, step, stop);
                return true;
            }
            finally
            {
                node.Release();
            }
        }

        return false;
    }

    private async Task KillAsync(ChaosNode node, Step step, CancellationToken stop)
    {
        TimeSpan down = step.For(0, 8);
        log.Say($"kill {node.Name}, for {down.TotalSeconds:F1} s");
        await world.KillAsync(node);
        await Pause.ForAsync(down, stop);
        await world.StartAsync(node);
    }

    private async Task PauseAsync(ChaosNode node, Step step, CancellationToken stop)
    {
        TimeSpan time = step.For(3, 20);
        log.Say($"pause {node.Name} for {time.TotalSeconds:F1} s");
        await world.Cluster[node.Name].SignalAsync("STOP");
        try
        {
            await Pause.ForAsync(time, stop);
        }
        finally
        {
            await world.Cluster[node.Name].SignalAsync("CONT");
        }
    }

    private async Task RestartAsync(ChaosNode node, Step step, CancellationToken stop)
    {
        log.Say($"restart {node.Name}");
        await world.StopAsync(node);
        await Pause.ForAsync(step.For(0, 2), stop);
        await world.StartAsync(node);
    }

    private async Task<bool> FillAsync(Step step, CancellationToken stop)
    {
        ChaosNode? node = world.Nodes.FirstOrDefault(static node => node.Disk is not null);
        if (node is null || !node.TryTake()) return false;
        try
        {
            TimeSpan time = step.For(3, 12);
            log.Say($"fill the disk of {node.Name}, for {time.TotalSeconds:F1} s");
            LastDiskFull = long.MaxValue;
            node.Disk!.Fill();
            await Pause.ForAsync(time, stop);
            node.Disk.Empty();
            return true;
        }
        finally
        {
            LastDiskFull = Environment.TickCount64;
            node.Release();
        }
    }

    private async Task<bool> KillAllAsync(Step step, CancellationToken stop)
    {
        ChaosNode[] taken = [.. world.Nodes.Where(static node => node.TryTake())];
        try
        {
            log.Say($"kill {string.Join(", ", taken.Select(static node => node.Name))} at once");
            await Task.WhenAll(taken.Select(world.KillAsync));
            await Pause.ForAsync(step.For(0, 3), stop);
            await Task.WhenAll(taken.Select(world.StartAsync));
            return taken.Length > 0;
        }
        finally
        {
            foreach (ChaosNode node in taken) node.Release();
        }
    }

    private async Task<bool> CutAsync(Step step, bool both, CancellationToken stop)
    {
        if (world.Network is not { } network) return false;
        int count = world.Nodes.Count;
        int one = step.First % count;
        // From all others, from one other, or from the clients.
        int[] others = (step.Second % 5) switch
        {
            0 or 1 => [.. Enumerable.Range(0, count).Where(other => other != one)],
            2 or 3 => [(one + 1 + (step.Third % (count - 1))) % count],
            _ => [Network.ClientSide],
        };
        bool outwards = step.Third % 2 == 0;
        TimeSpan time = step.For(1, 12);
        string from = string.Join(", ", others.Select(other => other == Network.ClientSide ? "clients" : world.Nodes[other].Name));
        log.Say($"cut {world.Nodes[one].Name} {(both ? "from" : outwards ? "one way, to" : "one way, from")} {from}, for {time.TotalSeconds:F1} s");
        List<(int From, int To)> cuts = [];
        try
        {
            foreach (int other in others)
            {
                if (both || outwards) Cut(one, other);
                if (both || !outwards) Cut(other, one);
            }

            await Pause.ForAsync(time, stop);
            return true;
        }
        finally
        {
            foreach ((int a, int b) in cuts) network.Heal(a, b);
        }

        void Cut(int a, int b)
        {
            network.Cut(a, b);
            cuts.Add((a, b));
        }
    }
}
