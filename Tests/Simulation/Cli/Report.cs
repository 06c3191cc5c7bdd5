using System.Globalization;

namespace Quorleans.Simulation.Cli;

/// <summary>What people, or scripts, are told.</summary>
internal sealed class Report(TextWriter output, bool quiet)
{
    private const int LastEvents = 40;

    internal void Line(string text)
    {
        if (!quiet) output.WriteLine(text);
    }

    internal void Progress(CampaignTotals totals) =>
        Line(string.Create(CultureInfo.InvariantCulture,
            $"{totals.Elapsed.TotalSeconds,5:F0} s: {totals.Runs} seeds, {totals.Operations} operations, {totals.Faults.Values.Sum()} faults, {totals.States} states, {totals.HoursPerMinute:F1} cluster-hours a minute"));

    internal void Campaign(Campaign campaign, bool marks)
    {
        CampaignTotals totals = campaign.Totals;
        if (quiet)
        {
            output.WriteLine(campaign.Failed is { } failed ? $"violation {campaign.RunsToFailure} {failed.Options.Seed} {failed.Violation!.Invariant}" : $"ok {totals.Runs}");
            return;
        }

        Line("");
        foreach ((string kind, long count) in totals.Faults) Line(string.Create(CultureInfo.InvariantCulture, $"{count,9}  {kind}"));
        Line(string.Create(CultureInfo.InvariantCulture, $"{totals.Faults.Values.Sum(),9}  faults of {totals.Faults.Count} kinds"));
        if (marks)
        {
            Line("");
            foreach ((string name, long count) in totals.Marks.Counts.OrderBy(mark => mark.Key, StringComparer.Ordinal)) Line(string.Create(CultureInfo.InvariantCulture, $"{count,9}  {name}"));
        }

        Line("");
        Line(string.Create(CultureInfo.InvariantCulture,
            $"{totals.Runs} seeds in {totals.Elapsed.TotalSeconds:F1} s: {totals.Events} events, {totals.Operations} operations, {totals.Elections} elections, {totals.Committed} entries committed, {totals.States} states, {totals.Marks.Counts.Count} marks"));
        Line(string.Create(CultureInfo.InvariantCulture,
            $"{totals.HoursPerMinute:F1} simulated cluster-hours a minute, of the {totals.Counting} seeds with at least 20 operations and a fault for each simulated second"));
        if (campaign.Failed is { } violated) Violation(violated);
        else Line("no violation");
    }

    internal void One(RunResult result)
    {
        Line(string.Create(CultureInfo.InvariantCulture,
            $"seed {result.Options.Seed}: {result.Simulated.TotalSeconds:F1} s, {result.Events} events, {result.Operations} operations, {result.Faults.Values.Sum()} faults of {result.Faults.Count} kinds, {result.Elections} elections, {result.Committed} entries committed"));
        if (quiet) output.WriteLine(result.Violation is { } violation ? $"violation 1 {result.Options.Seed} {violation.Invariant}" : "ok 1");
        else if (result.Violation is not null) Violation(result);
    }

    private void Violation(RunResult failed)
    {
        Violation violation = failed.Violation!;
        if (failed.Options.Trace is null)
        {
            Line("");
            Line($"the last {LastEvents} events:");
            Queue<string> last = new();
            Simulator.Run(failed.Options with
            {
                Trace = line =>
                {
                    last.Enqueue(line);
                    if (last.Count > LastEvents) last.Dequeue();
                },
            });
            foreach (string line in last) Line(line.Length > 220 ? line[..220] : line);
        }

        Line("");
        Line(string.Create(CultureInfo.InvariantCulture, $"VIOLATION of \"{violation.Invariant}\" with seed {failed.Options.Seed} at {violation.AtUs / 1e6:F6} s:"));
        Line(violation.What);
        Line("");
        Line("To see it again:");
        Line($"  dotnet run -c Release --project Tests/Simulation -- {failed.Options.CommandLine()} --trace");
        Line("To make it smaller:");
        Line($"  dotnet run -c Release --project Tests/Simulation -- --shrink {failed.Options.CommandLine()["--seed ".Length..]}");
    }
}
