using System.Diagnostics;
using System.Globalization;

namespace Quorleans.CrashPoints;

/// <summary>The command line: runs the sweep on all cores with progress, and names each point that fails with the command that runs it alone.</summary>
internal static class CrashCommand
{
    internal static int Run(string[] args)
    {
        bool faults = args is ["faults", ..];
        if (faults) args = args[1..];
        int seed = 42, steps = 600, workers = Environment.ProcessorCount, only = -1;
        for (int i = 0; i < args.Length; i++)
        {
            if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value)) return Usage();
            switch (args[i++])
            {
                case "--seed": seed = value; break;
                case "--steps": steps = value; break;
                case "--workers": workers = Math.Max(1, value); break;
                case "--point": only = value; break;
                default: return Usage();
            }
        }

        return faults ? Faults(new FaultSweep(seed, steps), seed, steps, workers, only) : Sweep(new CrashSweep(seed, steps), seed, steps, workers, only);
    }

    private static int Usage()
    {
        Console.Error.WriteLine("crash points: [faults] [--seed 42] [--steps 600] [--workers N] [--point P]");
        return 2;
    }

    private static int Sweep(CrashSweep sweep, int seed, int steps, int workers, int only)
    {
        long operations = sweep.CountOperations(out string what);
        (int Number, CrashPoint Point)[] points = [.. CrashSweep.Points(operations).Select(static (point, number) => (number, point)).Where(point => only < 0 || point.number == only)];
        Console.WriteLine($"The workload: {what}.");
        Console.WriteLine($"{operations} disk operations, {points.Length} points: before, torn, after × all lost, two random subsets lost, process killed. Each with a second cut while it recovers.");
        return All(points, point => sweep.Try(point), workers, only, $"--seed {seed} --steps {steps}");
    }

    private static int Faults(FaultSweep sweep, int seed, int steps, int workers, int only)
    {
        List<(DiskFault Fault, long Operation)> faults = [];
        foreach (DiskFault fault in Enum.GetValues<DiskFault>())
        {
            long operations = sweep.CountOperations(fault);
            Console.WriteLine($"{operations} operations can fail by {fault}.");
            for (long operation = 0; operation < operations; operation++) faults.Add((fault, operation));
        }

        (int, (DiskFault Fault, long Operation))[] points = [.. faults.Select(static (point, number) => (number, point)).Where(point => only < 0 || point.number == only)];
        return All(points, point => sweep.Try(point.Fault, point.Operation), workers, only, $"faults --seed {seed} --steps {steps}");
    }

    private static int All<T>((int Number, T Point)[] points, Action<T> attempt, int workers, int only, string arguments)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int done = 0, failed = 0;
        Parallel.ForEach(points, new ParallelOptions { MaxDegreeOfParallelism = workers }, one =>
        {
            try
            {
                attempt(one.Point);
            }
            catch (Exception broken) when (broken is not OutOfMemoryException)
            {
                if (Interlocked.Increment(ref failed) <= 10)
                    Console.WriteLine($"FAILED {one.Point}: {(only >= 0 ? broken : broken.Message)}\n  alone: dotnet run -c Release --project Tests/CrashPoints -- {arguments} --point {one.Number}");
            }

            if (Interlocked.Increment(ref done) % 500 == 0) Console.WriteLine($"{done,6} of {points.Length} points, {failed} failed, {clock.Elapsed.TotalSeconds:F0} s");
        });
        Console.WriteLine($"{points.Length} points in {clock.Elapsed.TotalSeconds:F1} s with {workers} workers: {(failed == 0 ? "every promise was kept" : $"{failed} FAILED")}.");
        return failed == 0 ? 0 : 1;
    }
}
