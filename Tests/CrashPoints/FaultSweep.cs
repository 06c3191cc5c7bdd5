using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>
/// Every write, every sync, every growth of a file of a workload fails once. After a failed write or sync the node must stop and never try again; a full
/// disk is no reason to stop. Then the power goes, and all that was ever acknowledged must be there.
/// </summary>
internal sealed class FaultSweep(int seed, int steps)
{
    internal long CountOperations(DiskFault fault)
    {
        FaultyDisk? faulty = null;
        CrashWorld world = new(seed, new SimulatedDisk(1), disk => faulty = new FaultyDisk(disk, fault, long.MaxValue));
        world.Recover();
        world.Run(steps);
        world.Life.Drain();
        return faulty!.Count;
    }

    /// <exception cref="ViolationException">A promise was broken, or the node went on where it must not, or stopped where it need not.</exception>
    internal void Try(DiskFault fault, long operation)
    {
        SimulatedDisk disk = new((int)operation);
        FaultyDisk? faulty = null;
        CrashWorld world = new(seed, disk, inner => faulty = new FaultyDisk(inner, fault, operation));
        try
        {
            world.Recover();
            world.Run(steps);
            world.Life.Drain();
            if (!faulty!.HasFailed) throw new ViolationException($"{fault} {operation} was not reached");
            Expect(world, stopped: fault != DiskFault.Full);
        }
        catch (DiskException) when (faulty!.HasFailed && world.IsStarting)
        {
            // A start on such a disk fails, and says why.
        }

        disk.Restart(UnsyncedFate.Lost);
        world.UnwrapDisk();
        world.Recover();
        world.Run(60);
        disk.Restart(UnsyncedFate.Lost);
        world.Recover();
    }

    private static void Expect(CrashWorld world, bool stopped)
    {
        bool serves = world.Serves();
        if (stopped && serves) throw new ViolationException("the node goes on after its disk has failed");
        if (!stopped && !serves) throw new ViolationException("the node does not go on when there is space again");
    }
}
