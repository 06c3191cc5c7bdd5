using System.Diagnostics;
using System.Globalization;
using Quorleans.Tests.Shared;

namespace Quorleans.CrashPoints;

/// <summary>The command line: runs a sweep on all cores with progress, and names each point that fails with the command that runs it alone.</summary>
internal sealed class CrashCommand
{
    private int _seed = 42;
    private int _steps = 600;
    private int _workers = Environment.ProcessorCount;
    private int _stride = 1;
    private int _only = -1;
    private bool _isQuiet;
    private bool _faults;

    internal static int Run(string[] args)
    {
        CrashCommand command = new();
        if (!command.Parse(args))
        {
            Console.Error.WriteLine("crash points: [faults] [--seed 42] [--steps 600] [--workers N] [--stride 1] [--point P] [--quiet]");
            return 2;
        }

        return command._faults ? command.Faults() : command.Sweep();
    }

    private bool Parse(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            if (i == 0 && args[0] == "faults") _faults = true;
            else if (args[i] == "--quiet") _isQuiet = true;
            else if (i + 1 == args.Length || !int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || !Set(args[i++], value)) return false;
        }

        return _workers > 0 && _stride > 0;
    }

    private bool Set(string name, int value)
    {
        switch (name)
        {
            case "--seed": _seed = value; break;
            case "--steps": _steps = value; break;
            case "--workers": _workers = value; break;
            case "--stride": _stride = value; break;
            case "--point": _only = value; break;
            default: return false;
        }

        return true;
    }

    private int Sweep()
    {
        CrashSweep sweep = new(_seed, _steps);
        long operations = sweep.CountOperations(out string what);
        CrashPoint[] points = [.. CrashSweep.Points(operations)];
        Line($"The workload: {what}.");
        Line($"{operations} disk operations, {points.Length} points: before, torn, after × all lost, two random subsets lost, process killed. Each with a second cut while it recovers.");
        return All(points, point => sweep.Try(point), "");
    }

    private int Faults()
    {
        FaultSweep sweep = new(_seed, _steps);
        List<(DiskFault Fault, long Operation)> faults = [];
        foreach (DiskFault fault in Enum.GetValues<DiskFault>())
        {
            long operations = sweep.CountOperations(fault);
            Line($"{operations} operations can fail by {fault}.");
            for (long operation = 0; operation < operations; operation++) faults.Add((fault, operation));
        }

        return All([.. faults], point => sweep.Try(point.Fault, point.Operation), "faults ");
    }

    private int All<T>(T[] points, Action<T> attempt, string kind)
    {
        int[] numbers = [.. Enumerable.Range(0, points.Length).Where(number => _only < 0 ? number % _stride == 0 : number == _only)];
        Stopwatch clock = Stopwatch.StartNew();
        using Interruption interruption = new();
        int done = 0, failed = 0;
        string first = "";
        Parallel.ForEach(numbers, new ParallelOptions { MaxDegreeOfParallelism = _workers }, (number, loop) =>
        {
            if (interruption.IsRequested) loop.Stop();
            if (loop.IsStopped) return;
            try
            {
                attempt(points[number]);
            }
            catch (Exception broken) when (broken is not OutOfMemoryException)
            {
                if (Interlocked.Increment(ref failed) == 1) first = $"{Volatile.Read(ref done) + 1} {broken.Message.ReplaceLineEndings(" ")}";
                if (_isQuiet) loop.Stop();
                if (failed <= 10)
                    Line($"FAILED {points[number]}: {(_only >= 0 ? broken : broken.Message)}\n  alone: dotnet run -c Release --project Tests/CrashPoints -- {kind}--seed {_seed} --steps {_steps} --point {number}");
            }

            if (Interlocked.Increment(ref done) % 500 == 0) Line($"{done,6} of {numbers.Length} points, {failed} failed, {clock.Elapsed.TotalSeconds:F0} s");
        });
        if (_isQuiet) Console.WriteLine(failed == 0 ? $"ok {done}" : $"violation {first}");
        Line($"{done} of {numbers.Length} points in {clock.Elapsed.TotalSeconds:F1} s with {_workers} workers: {(failed == 0 ? "every promise was kept" : $"{failed} FAILED")}.");
        return failed > 0 ? 1 : interruption.IsRequested ? Interruption.ExitCode : 0;
    }

    private void Line(string text)
    {
        if (!_isQuiet) Console.WriteLine(text);
    }
}
