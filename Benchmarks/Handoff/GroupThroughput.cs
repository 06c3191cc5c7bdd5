using System.Diagnostics;
using System.Globalization;
using Quorleans.Client.Bench;
using Quorleans.Client.Workload;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>What eight groups on the same three nodes are worth against one: where the disk sets the pace, and where the processors do. One cluster, rounds in turn.</summary>
internal sealed class GroupThroughput
{
    private const int Groups = 8;
    private const int ValueBytes = 64;
    private const int Keys = 10_000;
    private static readonly TimeSpan AddedSync = TimeSpan.FromMilliseconds(5);

    /// <summary>Whether to measure where the disk sets the pace.</summary>
    public required bool IsSlow { get; init; }

    /// <summary>Whether to measure where the processors do.</summary>
    public required bool IsBatched { get; init; }

    /// <summary>How long each round lasts, in seconds; null for what is usual.</summary>
    public required double? Seconds { get; init; }

    /// <summary>How many rounds of each, of which the median counts; null for what is usual.</summary>
    public required int? Rounds { get; init; }

    /// <summary>How many callers write.</summary>
    public required int Clients { get; init; }

    /// <summary>Where progress goes.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Measures.</summary>
    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        List<Mark> marks = [];
        if (IsSlow)
        {
            Say("one put at a time in a group's log, 5 ms added to each sync: one group and eight in turn");
            (double one, double eight) = await MeasureAsync(isSlow: true, cancellationToken);
            marks.Add(Mark.AtLeast($"{Groups} groups against 1, each with one put in flight and syncs 5 ms longer: {Mark.Text(eight, "puts/s")} against {Mark.Text(one, "puts/s")}", eight / one, 6, "×"));
        }

        if (IsBatched)
        {
            Say("batching on, the disk as it is: one group and eight in turn");
            (double one, double eight) = await MeasureAsync(isSlow: false, cancellationToken);
            marks.Add(Mark.AtLeast($"{Groups} groups against 1, batching on, {Clients} clients: {Mark.Text(eight, "puts/s")} against {Mark.Text(one, "puts/s")}", eight / one, 0.9, "×"));
        }

        return marks;
    }

    private async Task<(double One, double Eight)> MeasureAsync(bool isSlow, CancellationToken cancellationToken)
    {
        await using BenchCluster cluster = await BenchCluster.StartAsync(
            isSlow ? static options => options with { ChangeDisk = static disk => new SlowDisk(disk, AddedSync) } : null,
            isSlow ? static clerk => (clerk.MaxBatchOperations, clerk.MaxBatchesInFlight) = (1, 1) : null,
            cancellationToken);
        // The disk is equally fast all the time. A processor that others share is not: rounds of it differ by a quarter, so five of them cannot tell 0.9 from 1.
        int rounds = Rounds ?? (isSlow ? 5 : 15);
        TimeSpan length = TimeSpan.FromSeconds(Seconds ?? (isSlow ? 5 : 3));
        List<double> one = [], eight = [];
        // Where the processors set the pace, the first round is that of the compiler: it does not count, for either.
        for (int round = isSlow ? 1 : 0; round <= rounds; round++)
        {
            string warm = round == 0 ? " (warming up)" : "";
            double alone = await RoundAsync(cluster, $"1 group{warm}", length, cancellationToken);
            await cluster.JoinAsync(Enumerable.Range(2, Groups - 1), cancellationToken);
            double together = await RoundAsync(cluster, $"{Groups} groups{warm}", length, cancellationToken);
            await cluster.LeaveAsync(Enumerable.Range(2, Groups - 1), cancellationToken);
            if (round == 0) continue;
            one.Add(alone);
            eight.Add(together);
        }

        return (Percentiles.Of(one, 50), Percentiles.Of(eight, 50));
    }

    private async Task<double> RoundAsync(BenchCluster cluster, string what, TimeSpan length, CancellationToken cancellationToken)
    {
        BenchOptions options = new() { Operation = "put", Clients = Clients, Duration = length, ValueBytes = ValueBytes, Keys = Keys, WarmUp = TimeSpan.FromSeconds(1) };
        using CallCounter calls = new();
        NodeTotals before = cluster.Totals();
        TimeSpan busy = Process.GetCurrentProcess().TotalProcessorTime;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long started = Stopwatch.GetTimestamp();
        BenchResult result = await new BenchRun(cluster.Client.Clerk, new MonotonicClock(TimeProvider.System), options).RunAsync(cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double rate = result.Operations / length.TotalSeconds;
        double puts = rate * seconds;
        NodeTotals after = cluster.Totals();
        double processors = (Process.GetCurrentProcess().TotalProcessorTime - busy).TotalSeconds;
        string leaders = await cluster.LeadersAsync(cancellationToken);
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {rate:F0} puts/s, p50 {result.Latencies.Percentile(50) / 1e6:F1} ms, p99 {result.Latencies.Percentile(99) / 1e6:F1} ms; a put: {(after.Syncs - before.Syncs) / puts:F3} syncs, {(after.Bytes - before.Bytes) / puts:F0} log bytes, {calls.Batches / puts:F3} batches in {calls.Calls / puts:F3} calls, {(after.Requests - before.Requests) / puts:F3} requests between nodes in {(after.Messages - before.Messages) / puts:F3} messages, {processors / puts * 1e6:F1} µs of processors, {(GC.GetTotalAllocatedBytes(precise: true) - allocated) / puts:F0} bytes allocated; {leaders}"));
        return rate;
    }
}
