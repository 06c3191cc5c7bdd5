using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>A place where the power goes: an operation of the disk, where in it, and what becomes of what was not synced.</summary>
internal readonly record struct CrashPoint(long Operation, CrashMoment Moment, UnsyncedFate Fate, int Draw)
{
    public override string ToString() => $"operation {Operation} {Moment}, unsynced {Fate} ({Draw})";
}

/// <summary>Every disk operation of a workload × before, torn, after × what a power cut can leave.</summary>
internal sealed class CrashSweep(int seed, int steps)
{
    /// <summary>All is lost; some subset is (two of them); nothing, since only the process was killed.</summary>
    private static readonly (UnsyncedFate Fate, int Draw)[] Fates = [(UnsyncedFate.Lost, 0), (UnsyncedFate.Random, 1), (UnsyncedFate.Random, 2), (UnsyncedFate.Kept, 0)];

    /// <summary>How many disk operations the workload has when nothing happens.</summary>
    internal long CountOperations(out string what)
    {
        CrashWorld world = new(seed, new SimulatedDisk(1));
        Live(world);
        what = world.Describe();
        return world.Disk.Operations;
    }

    internal static IEnumerable<CrashPoint> Points(long operations, int stride = 1)
    {
        int n = 0;
        for (long operation = 0; operation < operations; operation++)
            foreach (CrashMoment moment in Enum.GetValues<CrashMoment>())
                foreach ((UnsyncedFate fate, int draw) in Fates)
                    if (n++ % stride == 0) yield return new CrashPoint(operation, moment, fate, draw);
    }

    /// <summary>Runs up to the point, takes the power, recovers while it goes once more, checks, lives on, and checks again.</summary>
    /// <exception cref="ViolationException">A promise was broken.</exception>
    internal void Try(CrashPoint point)
    {
        SimulatedDisk disk = new(unchecked((int)(point.Operation * 31 + (int)point.Moment * 7 + point.Draw)));
        CrashWorld world = new(seed, disk);
        disk.CrashAt(point.Operation, point.Moment);
        if (Survives(() => Live(world))) throw new ViolationException($"operation {point.Operation} was not reached");

        disk.Restart(point.Fate);
        disk.CrashAt(disk.Operations + point.Operation % 13, (CrashMoment)((point.Operation + point.Draw) % 3));
        if (!Survives(world.Recover)) disk.Restart(UnsyncedFate.Random);
        else disk.Restart(UnsyncedFate.Lost);
        world.Recover();
        world.Run(60);
        disk.Restart(UnsyncedFate.Lost);
        world.Recover();
    }

    private void Live(CrashWorld world)
    {
        world.Recover();
        world.Run(steps);
        world.Life.Drain();
    }

    private static bool Survives(Action life)
    {
        try
        {
            life();
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }
}
