using System.Diagnostics;

namespace Quorleans.Benchmarks.Processes;

/// <summary>Each node is stopped gracefully and started again, one after the other, while clients write.</summary>
internal sealed class RollingPart(ProcessesOptions options)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        int rounds = options.Rounds ?? 1;
        await using ProcessBench bench = await ProcessBench.StartAsync(options, cancellationToken);
        Prober[] probers = [.. Enumerable.Range(0, options.Clients).Select(i => new Prober(bench.Client.Clerk, FormattableString.Invariant($"probe{i}")))];
        List<string> errors = [];
        double ofOne = 0, ofAll = 0;
        int writes;
        try
        {
            await Task.Delay(Calm, cancellationToken);
            for (int i = 1; i <= rounds; i++)
            {
                foreach (string node in bench.Cluster.Nodes)
                {
                    long since = Stopwatch.GetTimestamp();
                    TimeSpan stop = await bench.Cluster.StopAsync(node);
                    await bench.Cluster.StartAsync(node);
                    await bench.SettleAsync(cancellationToken);
                    await Task.Delay(Calm, cancellationToken);
                    double one = probers.Max(prober => prober.LongestGapMs(since)), all = GapOfAll(probers, since);
                    (ofOne, ofAll) = (Math.Max(ofOne, one), Math.Max(ofAll, all));
                    options.Say(FormattableString.Invariant($"{node} stopped in {stop.TotalMilliseconds:F0} ms, back after {Stopwatch.GetElapsedTime(since).TotalSeconds:F1} s; longest gap of one client {one:F0} ms, of all together {all:F0} ms"));
                }
            }
        }
        finally
        {
            foreach (Prober prober in probers) await prober.DisposeAsync();
            errors.AddRange(probers.SelectMany(static prober => prober.Errors));
            writes = probers.Sum(static prober => prober.Writes);
        }

        foreach (string error in errors.Take(3)) options.Say($"a caller saw: {error}");
        return
        [
            Mark.AtMost(FormattableString.Invariant($"rolling restart of three nodes under {options.Clients} clients, {rounds} times, {writes} writes: errors that callers saw"), errors.Count, 0, ""),
            Mark.AtMost("… longest gap of any client", ofOne, 500, "ms"),
            Mark.Beside("… longest time without a write of any of them", Mark.Text(ofAll, "ms")),
        ];
    }

    private static double GapOfAll(Prober[] probers, long since)
    {
        long[] times = [.. probers.SelectMany(prober => prober.AcknowledgedSince(since)).Order()];
        double longest = 0;
        for (int i = 1; i < times.Length; i++) longest = Math.Max(longest, Stopwatch.GetElapsedTime(times[i - 1], times[i]).TotalMilliseconds);
        return longest;
    }
}
