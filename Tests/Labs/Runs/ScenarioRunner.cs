using System.Diagnostics;
using Quorleans.Simulation;

namespace Quorleans.Labs;

/// <summary>Runs scenarios.</summary>
public static class ScenarioRunner
{
    /// <summary>The labs' limit for one test, in seconds.</summary>
    public const int MaxSeconds = 120;

    /// <summary>Runs a scenario under several seeds.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="threads">How many run beside each other; each run has one thread.</param>
    public static ScenarioResult Run(Scenario scenario, IReadOnlyList<int> seeds, int threads)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(seeds);
        long start = Stopwatch.GetTimestamp();
        RunResult[] results = new RunResult[seeds.Count];
        Parallel.For(0, seeds.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => results[i] = Run(scenario, seeds[i]));
        return new ScenarioResult(scenario, results, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Runs a scenario under one seed, on this thread.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="trace">Takes each line of what happens, or null.</param>
    public static RunResult Run(Scenario scenario, int seed, Action<string>? trace = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        LabRun run = new(scenario, seed, trace is null ? null : new Simulation.Trace(trace));
        SynchronizationContext? context = SynchronizationContext.Current;
        Exception? failure = null;
        try
        {
            // What a scenario awaits has to go on in the world's own thread and order.
            SynchronizationContext.SetSynchronizationContext(null);
            Play(run);
        }
#pragma warning disable CA1031 // Whatever a run throws, it is a run that failed; the others go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        World? world = run.Lab?.World;
        return new RunResult(seed, failure, run.Measurements, world?.Now ?? default, world?.Events ?? 0);
    }

    private static void Play(LabRun run)
    {
        Task body = run.Scenario.Body(run);
        if (run.Lab is { } lab)
        {
            bool ended = lab.World.RunUntil(() => body.IsCompleted || lab.Violation is not null, TimeSpan.FromSeconds(MaxSeconds));
            LabRun.Require(lab.Violation is null, lab.Violation!);
            LabRun.Require(ended, $"It takes more than {MaxSeconds} s.");
            body.GetAwaiter().GetResult();
            run.AtMost("virtual time of the whole", lab.World.Now.TotalSeconds, MaxSeconds, "s");
        }

        body.GetAwaiter().GetResult();
    }
}
