using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Client.Commands;
using Quorleans.Client.Workload;
using Quorleans.KeyValue;
using Quorleans.Linearizability;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>Many moves in a row under a workload, while a silo is stopped abruptly every few seconds: nothing may be lost, wrong or left over.</summary>
internal sealed class MovesUnderCrashes
{
    private const int Groups = 3;
    private const int Shards = 4;
    private const int KeysOfEach = 10_000;
    private const int Loaders = 256;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Down = TimeSpan.FromSeconds(1);

    /// <summary>How many moves.</summary>
    public required int Moves { get; init; }

    /// <summary>Where progress goes.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Runs it.</summary>
    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        Say(string.Create(CultureInfo.InvariantCulture, $"three nodes, {Groups} groups; loading {Shards} shards with {KeysOfEach} keys each"));
        await using BenchCluster cluster = await BenchCluster.StartAsync(null, null, cancellationToken);
        await cluster.JoinAsync([2, 3], cancellationToken);
        string[] keys = [.. Enumerable.Range(0, Shards).SelectMany(static shard => Enumerable.Range(0, KeysOfEach).Select(i => string.Create(CultureInfo.InvariantCulture, $"{KeyPicker.TagOf(shard)}{i:d6}")))];
        await EachAsync(keys, key => cluster.Client.Clerk.PutAsync(key, ValueOf(key), cancellationToken));

        string path = Path.GetTempFileName();
        try
        {
            HistoryWriter history = HistoryWriter.Create(path);
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            WorkloadOptions options = new() { Clients = 8, Keys = 64, Duration = TimeSpan.FromHours(1), Mix = DefaultMix(), Seed = 1 };
            Task<WorkloadSummary> working = new WorkloadRun(cluster.Client.Clerk, history, new MonotonicClock(TimeProvider.System), options).RunAsync(stop.Token);
            Task<int> crashing = CrashAsync(cluster, stop.Token);
            (int moved, List<double> took) = await MoveAsync(cluster, crashing, cancellationToken);
            await stop.CancelAsync();
            int crashes = await crashing;
            WorkloadSummary summary = await working;
            await history.FinishAsync();
            return await JudgeAsync(cluster, keys, path, summary, moved, crashes, took, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task<(int Moved, List<double> Took)> MoveAsync(BenchCluster cluster, Task crashing, CancellationToken cancellationToken)
    {
        Random random = new(1);
        List<double> took = [];
        for (int move = 0; move < Moves; move++)
        {
            if (crashing.IsCompleted) await crashing;
            ShardId shard = new(random.Next(Shards));
            ShardMap? map = null;
            while (map is null) map = await cluster.TryGetMapAsync(cancellationToken);
            int to = 1 + ((map.Shards[shard.Value].Owner + random.Next(Groups - 1)) % Groups);
            long started = Stopwatch.GetTimestamp();
            await cluster.MoveAsync(shard, to, cancellationToken);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if ((move + 1) % 10 == 0) Say(string.Create(CultureInfo.InvariantCulture, $"{move + 1} of {Moves} moves; the last ten took {took.TakeLast(10).Sum() / 1000:F1} s"));
        }

        return (took.Count, took);
    }

    private async Task<int> CrashAsync(BenchCluster cluster, CancellationToken stop)
    {
        using PeriodicTimer timer = new(Every);
        int crashes = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                string node = BenchCluster.Nodes[crashes++ % BenchCluster.Nodes.Length];
                Say($"{node} is stopped abruptly");

                // Not to be interrupted: at the end all nodes run.
                await cluster.CrashAsync(node, Down, CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The moves are done.
        }

        return crashes;
    }

    private async Task<IReadOnlyList<Mark>> JudgeAsync(
        BenchCluster cluster, string[] keys, string path, WorkloadSummary summary, int moved, int crashes, List<double> took, CancellationToken cancellationToken)
    {
        await cluster.SettleAsync(cancellationToken);
        Say("reading every key back, checking the history, comparing the replicas");
        ConcurrentBag<string> wrong = [];
        await EachAsync(keys, async key =>
        {
            if (await cluster.Client.Clerk.GetStringAsync(key, cancellationToken) != ValueOf(key)) wrong.Add(key);
        });
        using FileStream file = File.OpenRead(path);
        IReadOnlyList<Operation> history = HistoryReader.Read(file);
        Verdict[] verdicts = [.. HistoryChecker.Check(history).Select(static key => key.Verdict)];
        bool isLinearizable = verdicts.All(static verdict => verdict == Verdict.Linearizable);
        ShardVerification verification = await ShardVerification.RunAsync(
            cluster.Client, await cluster.Client.Shards.GetMapAsync(cancellationToken), TimeProvider.System, cancellationToken);
        foreach (string problem in verification.Problems) Say(problem);
        return
        [
            Mark.Is(string.Create(CultureInfo.InvariantCulture, $"{moved} moves in a row, a silo stopped abruptly every {Every.TotalSeconds:F0} s ({crashes} times): every one of {keys.Length} keys there"), wrong.IsEmpty ? "yes" : $"{wrong.Count} wrong", wrong.IsEmpty),
            Mark.Is(string.Create(CultureInfo.InvariantCulture, $"  history of {history.Count} operations linearizable ({summary.Unknown} of unknown outcome)"), isLinearizable ? "yes" : verdicts.Contains(Verdict.NotLinearizable) ? "NO" : "undecided", isLinearizable),
            Mark.Is(string.Create(CultureInfo.InvariantCulture, $"  {verification.Replicas} replicas agree, nothing left over"), verification.Problems.Count == 0 ? "yes" : $"{verification.Problems.Count} problems", verification.Problems.Count == 0),
            Mark.Beside("  a move under crashes: median, longest", string.Create(CultureInfo.InvariantCulture, $"{Percentiles.Of(took, 50):F0} ms, {took.DefaultIfEmpty().Max():F0} ms")),
            Mark.Beside("  longest time without a success of any client", Mark.Text(summary.LongestGapMs, "ms")),
        ];
    }

    private static OperationMix DefaultMix() => OperationMix.TryParse(OperationMix.Default, out OperationMix? mix, out string? problem) ? mix : throw new InvalidOperationException(problem);

    private static string ValueOf(string key) => key + new string('.', 80);

    private static async Task EachAsync(string[] keys, Func<string, Task> action)
    {
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Loaders).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < keys.Length;) await action(keys[i]);
        })));
    }
}
