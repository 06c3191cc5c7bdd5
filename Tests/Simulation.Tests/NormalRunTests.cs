using Quorleans.Simulation.Cli;
using Xunit;

namespace Quorleans.Simulation.Tests;

/// <summary>The seeds of every test run. Many more: <c>dotnet run -c Release --project Tests/Simulation</c>.</summary>
public sealed class NormalRunTests
{
    private const int Seeds = 280;
    private const int ShardedSeeds = 100;
    private const int LeastReached = 10;
    private const int LeastKindsOfFaults = 20;

    [Fact]
    public void Seeds_HoldEveryInvariant_AndReachEveryMark()
    {
        IEnumerable<SimulationOptions> runs = SeedFile.Read().Concat(Enumerable.Range(1, Seeds).Select(seed => (ulong)seed)).Select(seed => new SimulationOptions { Seed = seed });
        Campaign campaign = new(runs, Math.Max(1, Math.Min(4, Environment.ProcessorCount)), limit: null);
        campaign.Run(TestContext.Current.CancellationToken);
        if (campaign.Failed is { } failed)
            Assert.Fail($"{failed.Violation}\nTo see it again: dotnet run -c Release --project Tests/Simulation -- {failed.Options.CommandLine()} --trace");
        CampaignTotals totals = campaign.Totals;
        Assert.True(totals.Runs >= Seeds);
        Assert.True(totals.Faults.Count >= LeastKindsOfFaults, $"{totals.Faults.Count} kinds of faults");
        Assert.True(totals.Counting >= totals.Runs * 3 / 4, $"Only {totals.Counting} of {totals.Runs} runs have at least 20 operations and a fault for each second.");
        RequireMarks(totals, Marks.Required);
        TestContext.Current.SendDiagnosticMessage($"{totals.Runs} seeds, {totals.Operations} operations, {totals.HoursPerMinute:F1} cluster-hours a minute");
    }

    [Fact]
    public void ShardedSeeds_HoldEveryInvariant_AndReachEveryMark()
    {
        IEnumerable<SimulationOptions> runs = SeedFile.Read(ShardedSimulator.Profile).Concat(Enumerable.Range(1, ShardedSeeds).Select(seed => (ulong)seed))
            .Select(seed => new SimulationOptions { Seed = seed, Profile = ShardedSimulator.Profile });
        Campaign campaign = new(runs, Math.Max(1, Math.Min(4, Environment.ProcessorCount)), limit: null);
        campaign.Run(TestContext.Current.CancellationToken);
        if (campaign.Failed is { } failed)
            Assert.Fail($"{failed.Violation}\nTo see it again: dotnet run -c Release --project Tests/Simulation -- {failed.Options.CommandLine()} --trace");
        Assert.True(campaign.Totals.Runs >= ShardedSeeds);
        RequireMarks(campaign.Totals, Marks.RequiredOfSharded);
    }

    [Fact]
    public void Marks_AreManyAndDistinct()
    {
        Assert.True(Marks.Required.Count >= 100);
        Assert.Equal(Marks.Required.Count, Marks.Required.Distinct().Count());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void SameSeed_GivesTheSameTrace(ulong seed)
    {
        List<string> first = Trace(seed), second = Trace(seed);
        for (int i = 0; i < Math.Min(first.Count, second.Count); i++)
            if (first[i] != second[i]) Assert.Fail($"Line {i + 1} differs:\n{first[i]}\n{second[i]}");
        Assert.Equal(first.Count, second.Count);
        Assert.True(first.Count > 1000);
    }

    [Fact]
    public void SameShardedSeed_GivesTheSameTrace()
    {
        Assert.Equal(Trace(3, ShardedSimulator.Profile), Trace(3, ShardedSimulator.Profile));
    }

    [Fact]
    public void Trace_ChangesNothing()
    {
        RunResult silent = Simulator.Run(new SimulationOptions { Seed = 10 });
        RunResult traced = Simulator.Run(new SimulationOptions { Seed = 10, Trace = _ => { } });
        Assert.Equal((silent.Events, silent.Operations, silent.Committed), (traced.Events, traced.Operations, traced.Committed));
    }

    private static void RequireMarks(CampaignTotals totals, IReadOnlyList<string> required)
    {
        string[] missed = [.. required.Select(name => (Name: name, Count: totals.Marks.Counts.GetValueOrDefault(name))).Where(mark => mark.Count < LeastReached).Select(mark => $"{mark.Count} x {mark.Name}")];
        Assert.True(missed.Length == 0, "Reached less than 10 times:\n" + string.Join('\n', missed));
    }

    private static List<string> Trace(ulong seed, string profile = "full")
    {
        List<string> lines = [];
        Simulator.Run(new SimulationOptions { Seed = seed, Profile = profile, Trace = lines.Add });
        return lines;
    }
}
