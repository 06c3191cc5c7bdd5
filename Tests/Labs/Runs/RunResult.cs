namespace Quorleans.Labs;

/// <summary>What one run of a scenario came to.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Failure">Why it failed, or null.</param>
/// <param name="Measurements">What it measured.</param>
/// <param name="VirtualTime">How long it took in its own time.</param>
/// <param name="Events">How many events its world had.</param>
public sealed record RunResult(int Seed, Exception? Failure, IReadOnlyList<Measurement> Measurements, TimeSpan VirtualTime, long Events);

/// <summary>What a scenario came to under several seeds.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Runs">Its runs, by seed.</param>
/// <param name="RealTime">What they took of real time, together.</param>
public sealed record ScenarioResult(Scenario Scenario, IReadOnlyList<RunResult> Runs, TimeSpan RealTime)
{
    /// <summary>The first run that failed, or null.</summary>
    public RunResult? FirstFailure => Runs.FirstOrDefault(run => run.Failure is not null);

    /// <summary>Each limit with the worst value of all runs, in the order in which they came up first.</summary>
    public IReadOnlyList<Measurement> Limits
    {
        get
        {
            List<string> order = [];
            Dictionary<string, Measurement> worst = [];
            foreach (Measurement measurement in Runs.SelectMany(run => run.Measurements))
            {
                if (!worst.TryGetValue(measurement.What, out Measurement known))
                {
                    order.Add(measurement.What);
                    worst.Add(measurement.What, measurement);
                }
                else
                {
                    worst[measurement.What] = known.Worse(measurement);
                }
            }

            return [.. order.Select(what => worst[what])];
        }
    }

    /// <summary>What to read when it failed: the seed, the reason, and the command that repeats it.</summary>
    public string Explain()
    {
        if (FirstFailure is not { } failed) return $"{Scenario} passed under {Runs.Count} seeds.";
        int count = Runs.Count(run => run.Failure is not null);
        string reason = failed.Failure is LabFailureException { InnerException: null } failure ? failure.Message : failed.Failure!.ToString();
        return $"""
            {Scenario} failed under {count} of {Runs.Count} seeds; under seed {failed.Seed}, at {failed.VirtualTime.TotalSeconds:0.000} s: {reason}
            Repeat it: dotnet run -c Release --project Tests/Labs -- run --lab {Scenario.Name} --seeds {failed.Seed} --trace
            """;
    }
}
