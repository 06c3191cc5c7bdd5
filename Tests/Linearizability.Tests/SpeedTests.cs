using System.Diagnostics;

namespace Quorleans.Linearizability.Tests;

public sealed class SpeedTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(20_000, 1, 16)]
    [InlineData(20_000, 10, 32)]
    public void LongHistory_IsCheckedInTime(int operations, int keys, int clients) => Measure(operations, keys, clients, TimeSpan.FromSeconds(20));

    [Theory(Explicit = true)]
    [InlineData(200_000, 1, 8)]
    [InlineData(200_000, 1, 32)]
    [InlineData(200_000, 10, 32)]
    public void Benchmark(int operations, int keys, int clients) => Measure(operations, keys, clients, TimeSpan.FromSeconds(30));

    private void Measure(int operations, int keys, int clients, TimeSpan limit)
    {
        List<Operation> history = Histories.Correct(new Random(7), operations, clients, keys: keys, unknown: 0.002);
        Stopwatch watch = Stopwatch.StartNew();
        IReadOnlyList<KeyResult> results = HistoryChecker.Check(history);
        watch.Stop();
        string line = $"{history.Count} operations, {keys} keys, {clients} clients: {watch.Elapsed.TotalSeconds:F2} s, {results.Sum(r => r.Configurations)} configurations";
        output.WriteLine(line);
        Assert.All(results, result => Assert.Equal(Verdict.Linearizable, result.Verdict));
        Assert.True(watch.Elapsed < limit, line);
    }
}
