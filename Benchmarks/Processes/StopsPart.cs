using System.Diagnostics;

namespace Quorleans.Benchmarks.Processes;

/// <summary>The leader's process is paused by SIGSTOP: how long no write is acknowledged, and whether it serves what is stale when it wakes.</summary>
internal sealed class StopsPart(ProcessesOptions options)
{
    private const int Evicted = 3;
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Wake = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        int rounds = options.Rounds ?? 3;
        await using ProcessBench bench = await ProcessBench.StartAsync(options, cancellationToken);
        await using Prober prober = new(bench.Client.Clerk, "probe", reads: true);
        List<Mark> marks = [];
        foreach (int seconds in (int[])[3, 20])
        {
            List<double> gaps = [], wakes = [];
            int evicted = 0;
            for (int i = 1; i <= rounds; i++)
            {
                await prober.FlowsAsync(Calm, cancellationToken);
                string leader = await bench.LeaderAsync(cancellationToken);
                long since = Stopwatch.GetTimestamp();
                await bench.Cluster[leader].SignalAsync("STOP");
                await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken);
                gaps.Add(prober.LongestGapMs(since));
                long woken = Stopwatch.GetTimestamp();
                await bench.Cluster[leader].SignalAsync("CONT");
                await Task.Delay(Wake, cancellationToken);
                await prober.FlowsAsync(Calm, cancellationToken);
                wakes.Add(prober.LongestGapMs(woken));
                bool isEvicted = bench.Cluster[leader].HasExited;
                if (isEvicted)
                {
                    evicted++;
                    (int status, string error) = await bench.Cluster.WaitEndAsync(leader);
                    if (status != Evicted) throw new InvalidOperationException($"{leader} ended with status {status}: {error}");
                    await bench.Cluster.StartAsync(leader);
                }

                await bench.SettleAsync(cancellationToken);
                options.Say(FormattableString.Invariant($"pause {i} of {rounds}: {leader} for {seconds} s, no write acknowledged for {gaps[^1]:F0} ms, {wakes[^1]:F0} ms after it woke{(isEvicted ? "; evicted" : "")}"));
            }

            marks.Add(Mark.AtMost(FormattableString.Invariant($"SIGSTOP of the leader's process for {seconds} s, {rounds} times: next acknowledged write after, median"), Percentiles.Of(gaps, 50), 600, "ms"));
            marks.Add(Mark.AtMost("… at most", gaps.Max(), 1500, "ms"));
            marks.Add(Mark.AtMost("… longest gap in the 2 s after it woke", wakes.Max(), 1500, "ms"));
            marks.Add(Mark.Beside("… evicted meanwhile, ended with its status and started again", FormattableString.Invariant($"{evicted} of {rounds}")));
        }

        foreach (string error in prober.Errors.Take(3)) options.Say($"a caller saw: {error}");
        marks.Add(Mark.AtMost(FormattableString.Invariant($"stale among {prober.Reads} reads"), prober.Stale, 0, ""));
        marks.Add(Mark.AtMost("errors that callers saw", prober.Errors.Count, 0, ""));
        return marks;
    }
}
