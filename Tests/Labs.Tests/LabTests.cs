namespace Quorleans.Labs.Tests;

/// <summary>
/// Every scenario of the labs under fifty seeds, those of lab 4B with their twelve nodes under eight, as a test of its own with the trait <c>Lab</c>: <c>dotnet test --project Tests/Labs.Tests -- --filter-trait
/// Lab=TestFigure82C</c>.
/// </summary>
public sealed class LabTests
{
    private const int Seeds = 50, ShardedSeeds = 8;
    private const int Threads = 2;

    public static IEnumerable<TheoryDataRow<string>> Scenarios =>
        Catalog.All.Select(scenario => new TheoryDataRow<string>(scenario.Name).WithTrait("Lab", scenario.Name).WithTrait("Part", scenario.Part));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Limits_HoldUnderManySeeds(string lab)
    {
        Scenario scenario = Catalog.Find(lab)!;
        ScenarioResult result = ScenarioRunner.Run(scenario, [.. Enumerable.Range(1, scenario.Part == "4B" ? ShardedSeeds : Seeds)], Threads);
        Assert.True(result.FirstFailure is null, result.Explain());
    }

    [Fact]
    public void Catalog_HasAllOfTheLabs()
    {
        Assert.Equal(24, Catalog.Lab2.Count);
        Assert.Equal(23, Catalog.Lab3.Count);
        Assert.Equal(11, Catalog.Lab4A.Count);
        Assert.Equal(13, Catalog.Lab4B.Count);
        Assert.Equal(Catalog.All.Count, Catalog.All.Select(scenario => scenario.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Theory]
    [InlineData("TestFigure8Unreliable2C")]
    [InlineData("TestSnapshotUnreliableRecoverConcurrentPartition3B")]
    public void SameSeed_RepeatsTheRunEventByEvent(string lab)
    {
        Assert.Equal(TraceOf(lab), TraceOf(lab));
    }

    private static string TraceOf(string lab)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        long lines = 0;
        ScenarioRunner.Run(Catalog.Find(lab)!, seed: 7, line =>
        {
            lines++;
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(line));
        });
        Assert.True(lines > 1000, $"Only {lines} lines.");
        return $"{lines} {Convert.ToHexString(hash.GetHashAndReset())}";
    }
}
