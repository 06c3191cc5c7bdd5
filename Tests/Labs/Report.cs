using System.Diagnostics;
using System.Globalization;
using Quorleans.Tests.Shared;

namespace Quorleans.Labs;

/// <summary>Prints what scenarios came to: each limit, the value that came nearest to it, and the margin.</summary>
internal static class Report
{
    internal static int Print(IReadOnlyList<Scenario> scenarios, int[] seeds, int threads, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        int failed = 0, run = 0;
        double seconds = 0;
        long events = 0;
        foreach (Scenario scenario in scenarios)
        {
            if (cancel.IsCancellationRequested) break;
            run++;
            ScenarioResult result = ScenarioRunner.Run(scenario, seeds, threads);
            bool passed = result.FirstFailure is null;
            if (!passed) failed++;
            seconds += result.Runs.Sum(one => one.VirtualTime.TotalSeconds);
            events += result.Runs.Sum(one => one.Events);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(passed ? "pass" : "FAIL")}  {scenario.Name}  ({scenario.Part}, {seeds.Length} seeds, {result.RealTime.TotalSeconds:0.00} s)"));
            foreach (Measurement limit in result.Limits) Print(limit);
            if (!passed) Console.WriteLine(result.Explain());
        }

        TimeSpan real = Stopwatch.GetElapsedTime(start);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{run - failed} of {scenarios.Count} scenarios passed under {seeds.Length} seeds: {seconds / 3600:0.0} hours of virtual time, {events / 1e6:0.0} million events, {real.TotalSeconds:0.0} s."));
        return failed > 0 ? 1 : run < scenarios.Count ? Interruption.ExitCode : 0;
    }

    private static void Print(Measurement limit)
    {
        string margin = limit.Bound == Bound.Exactly
            ? ""
            : limit.Limit == 0 ? $"margin {Number(limit.Margin)}" : $"margin {Number(limit.Margin)} ({limit.Margin / Math.Abs(limit.Limit):P0})";
        Console.WriteLine($"      {limit.What,-66} {Measurement.Words(limit.Bound),-8} {Number(limit.Limit),9} {limit.Unit,-5} worst {Number(limit.Value),9}  {margin}".TrimEnd());
    }

    private static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
