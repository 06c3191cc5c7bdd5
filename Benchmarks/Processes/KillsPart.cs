using System.Diagnostics;

namespace Quorleans.Benchmarks.Processes;

/// <summary>The leader's process is killed by <c>kill -9</c>, again and again: how long no write is acknowledged.</summary>
internal sealed class KillsPart(ProcessesOptions options)
{
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(300);

    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        int rounds = options.Rounds ?? 50;
        await using ProcessBench bench = await ProcessBench.StartAsync(options, cancellationToken);
        await using Prober prober = new(bench.Client.Clerk, "probe");
        List<double> gaps = [], starts = [];
        for (int i = 1; i <= rounds; i++)
        {
            await prober.FlowsAsync(Calm, cancellationToken);
            string leader = await bench.LeaderAsync(cancellationToken);
            long since = Stopwatch.GetTimestamp();
            await bench.Cluster.KillAsync(leader);
            await prober.FlowsAsync(Calm, cancellationToken);
            gaps.Add(prober.LongestGapMs(since));
            long started = Stopwatch.GetTimestamp();
            await bench.Cluster.StartAsync(leader);
            starts.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            await bench.SettleAsync(cancellationToken);
            options.Say(FormattableString.Invariant($"kill {i} of {rounds}: {leader}, no write acknowledged for {gaps[^1]:F0} ms; ready again after {starts[^1]:F0} ms"));
        }

        // A gateway that was broken is taken again when its node is back.
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        long calls, detours;
        using (CallCounter counter = new())
        {
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            (calls, detours) = (counter.Calls, counter.Detours);
        }

        foreach (string error in prober.Errors.Take(3)) options.Say($"a caller saw: {error}");
        return
        [
            Mark.AtMost(FormattableString.Invariant($"kill -9 of the leader's process, {rounds} times: next acknowledged write after, median"), Percentiles.Of(gaps, 50), 600, "ms"),
            Mark.AtMost("… at most", gaps.Max(), 1500, "ms"),
            Mark.AtMost("… errors that callers saw", prober.Errors.Count, 0, ""),
            options.OneClient ? Mark.Beside("… afterwards calls", FormattableString.Invariant($"{calls}")) : Mark.Is("… afterwards calls go by the nodes' own gateways again", FormattableString.Invariant($"{calls - detours} of {calls}"), detours == 0 && calls > 0),
            Mark.Beside("… killed process ready again after, median and most", FormattableString.Invariant($"{Percentiles.Of(starts, 50):F0} and {starts.Max():F0} ms")),
        ];
    }
}
