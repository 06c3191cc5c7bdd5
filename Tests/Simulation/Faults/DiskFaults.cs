namespace Quorleans.Simulation;

/// <summary>What disks do.</summary>
internal static class DiskFaults
{
    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("slow disk", "disk", SlowDisk),
        new("slow snapshot files", "disk", SlowFiles),
        new("hung disk", "disk", HungDisk),
        new("failing sync", "disk", f => Failing(f, (disk, fails) => disk.FailSyncs = fails)),
        new("failing write", "disk", f => Failing(f, (disk, fails) => disk.FailWrites = fails)),
        new("full disk", "disk", FullDisk),
        new("damage at rest", "disk", DamageAtRest) { LosesDisks = true },
    ];

    private static bool SlowDisk(FaultInjector f)
    {
        DiskTimes times = f.Random.Of(f.Nodes).DiskTimes;
        long by = f.Random.Between(1_000, 150_000);
        times.SyncUs += by;
        return f.For(() => times.SyncUs -= by);
    }

    /// <summary>Log entries overtake snapshots that were begun before them.</summary>
    private static bool SlowFiles(FaultInjector f)
    {
        DiskTimes times = f.Random.Of(f.Nodes).DiskTimes;
        long by = f.Random.Between(20_000, 1_500_000);
        times.AsideUs += by;
        return f.For(() => times.AsideUs -= by);
    }

    private static bool HungDisk(FaultInjector f)
    {
        f.Random.Of(f.Nodes).DiskTimes.HangsUntilUs = f.World.NowUs + f.Duration();
        return true;
    }

    /// <summary>The node stops by itself at the first error. It is started again by its supervisor, or its machine is.</summary>
    private static bool Failing(FaultInjector f, Action<SimulatedDisk, bool> fail)
    {
        SimulatedNode node = f.Random.Of(f.Nodes);
        fail(node.Disk, true);
        return f.For(() =>
        {
            fail(node.Disk, false);
            f.Supervise(node, (UnsyncedFate)f.Random.Below(3));
        });
    }

    private static bool FullDisk(FaultInjector f)
    {
        SimulatedNode node = f.Random.Of(f.Nodes);
        if (node.Disk.IsCrashed) return false;
        node.Disk.Capacity = node.Disk.UsedBytes + f.Random.Between(0, 20_000);
        return f.For(() => node.Disk.Capacity = long.MaxValue);
    }

    /// <summary>
    /// A bit rots in a file of a node that is down. Only where its log had recorded everything as durable: what remains otherwise is stated in
    /// docs/guarantees.md. Never more nodes than the group can lose.
    /// </summary>
    private static bool DamageAtRest(FaultInjector f)
    {
        if (f.Running() is not { } node || f.CoreOf(node) is null || node.HasStopped || !f.CanLose(node)) return false;
        if (node.Log is not { IsInFlight: false, HasPending: false, NeedsSeal: false, DurableSequence: > 1 }) return false;
        node.Crash(UnsyncedFate.Kept);
        List<string> files = [.. node.Disk.List().Where(name => node.Disk.LengthOf(name) > 0)];
        if (files.Count > 0)
        {
            string file = f.Random.Of(files);
            // The first pages are the ones in use.
            long offset = f.Random.Between(0, f.Random.OneIn(4) ? node.Disk.LengthOf(file) : Math.Min(32 << 10, node.Disk.LengthOf(file)));
            node.Disk.Corrupt(file, offset, (byte)(1 << f.Random.Below(8)));
            f.World.Trace?.Line($"{node.Name}: a bit rots in {file} at {offset}");
            f.Checker.Damaged.Add(node);
            f.Checker.GoneDisks.Add(node.NodeId);
        }

        f.StartLater(node, f.Duration());
        return true;
    }
}
