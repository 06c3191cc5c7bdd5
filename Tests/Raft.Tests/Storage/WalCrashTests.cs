using Quorleans.Simulation;
using Xunit;

namespace Quorleans.Raft.Tests;

public sealed class WalCrashTests
{
    [Fact]
    public void AcknowledgedBatchesSurvive_WhenThePowerGoesAtAnyDiskOperation()
    {
        const int Seed = 42, Steps = 420;
        long operations = OperationsOf(Seed, Steps);
        int points = 0, torn = 0, cut = 0;
        for (long operation = 0; operation < operations; operation++)
        {
            foreach (CrashMoment moment in Enum.GetValues<CrashMoment>())
            {
                foreach (UnsyncedFate fate in Enum.GetValues<UnsyncedFate>())
                {
                    SimulatedDisk disk = new(unchecked((int)operation * 31 + (int)moment * 7 + (int)fate));
                    WalWorkload workload = new(disk, Seed);
                    disk.CrashAt(operation, moment);
                    Assert.Throws<SimulatedCrashException>(() => Life(workload, Steps));
                    Recover(disk, workload, fate, operation);

                    // The life after it, and another sudden end.
                    workload.Run(40);
                    disk.Restart(UnsyncedFate.Lost);
                    workload.Recover();
                    points++;
                    torn += workload.Torn;
                    cut += workload.CutAcknowledgedNothing;
                }
            }
        }

        Assert.True(points >= 800, $"{points} points");
        Assert.True(torn > 10, $"{torn} torn batches of {points} points");
        Assert.True(cut > 100, $"{cut} cut batches of {points} points");
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(2_000)]
    [InlineData(3_000)]
    public void LogEqualsTheModel_OverManyLivesWithRandomCrashes(int firstSeed)
    {
        int rewrites = 0, torn = 0;
        for (int seed = firstSeed; seed < firstSeed + 20; seed++)
        {
            SimulatedDisk disk = new(seed);
            Random random = new(seed);
            WalWorkload workload = new(disk, seed);
            for (int life = 0; life < 12; life++)
            {
                if (random.Next(2) == 0) disk.CrashAt(disk.Operations + random.Next(60), (CrashMoment)random.Next(3));
                try
                {
                    workload.Recover();
                    workload.Run(random.Next(400));
                }
                catch (SimulatedCrashException)
                {
                }

                disk.Restart((UnsyncedFate)random.Next(3));
            }

            workload.Recover();
            rewrites += workload.Rewrites;
            torn += workload.Torn;
        }

        Assert.True(rewrites > 0, "no entry was ever rewritten");
        Assert.True(torn > 0, "no batch was ever torn");
    }

    private static long OperationsOf(int seed, int steps)
    {
        SimulatedDisk disk = new(0);
        Life(new WalWorkload(disk, seed), steps);
        return disk.Operations;
    }

    private static void Life(WalWorkload workload, int steps)
    {
        workload.Recover();
        workload.Run(steps);
        workload.Drain();
    }

    /// <summary>Recovers, with the power going once more on the way: recovery must be repeatable.</summary>
    private static void Recover(SimulatedDisk disk, WalWorkload workload, UnsyncedFate fate, long salt)
    {
        disk.Restart(fate);
        disk.CrashAt(disk.Operations + salt % 5, (CrashMoment)(salt % 3));
        try
        {
            workload.Recover();
        }
        catch (SimulatedCrashException)
        {
        }

        // What was recovered is relied on: no later loss may take it away.
        disk.Restart(UnsyncedFate.Random);
        workload.Recover();
        disk.Restart(UnsyncedFate.Lost);
        workload.Recover();
    }
}
