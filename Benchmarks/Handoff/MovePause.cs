using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Client.Workload;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.Linearizability;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>
/// How long callers wait for a large shard that moves to and fro, and what that does to those of other shards: rounds without and with a move in turn, as long
/// as each other. Then the same with the freeze before the copy, as the labs do it.
/// </summary>
/// <remarks>
/// In the first minute of a process much of its time goes into compiling it, most of it in the first rounds with moves, since they come first: that is not what moves
/// cost. So there is one move more to and one fro, ahead of those that are compared with the rounds without; what they did is shown beside, and their waits count.
/// </remarks>
internal sealed class MovePause
{
    private const int Shard = 5;
    private const int Clients = 32;
    private const int KeysOfEach = 400;
    private const int Loaders = 256;
    private const int WarmUpMoves = 2;

    /// <summary>How often the shard moves.</summary>
    public required int Moves { get; init; }

    /// <summary>How often it moves the labs' way.</summary>
    public required int FrozenMoves { get; init; }

    /// <summary>How many keys of 100 bytes it holds.</summary>
    public required int Keys { get; init; }

    /// <summary>Where progress goes.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Measures.</summary>
    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        Result live = await MeasureAsync(Moves, WarmUpMoves, freezesBeforeCopy: false, cancellationToken);
        Result frozen = await MeasureAsync(FrozenMoves, 0, freezesBeforeCopy: true, cancellationToken);
        string what = string.Create(CultureInfo.InvariantCulture, $"{Moves} moves of {Keys} keys × 100 bytes under {Clients} clients");
        double with = Percentiles.Of(live.With, 99), without = Percentiles.Of(live.Without, 99);
        return
        [
            Mark.AtMost($"{what}: first Moving to success, p99 of {live.Waits.Count} operations", Percentiles.Of(live.Waits, 99), 50, "ms"),
            Mark.Beside($"  beside it, frozen for the whole copy ({FrozenMoves} moves, p99 of {frozen.Waits.Count})", Mark.Text(Percentiles.Of(frozen.Waits, 99), "ms")),
            Mark.Beside("  a move from its command to its end, median", Mark.Text(Percentiles.Of(live.Moves, 50), "ms")),
            Mark.AtMost($"  other shards, p99 with moves {Mark.Text(with, "ms")} against {Mark.Text(without, "ms")} without", with / without, 1.3, "×"),
            Mark.Beside($"    p50 with moves {Mark.Text(Percentiles.Of(live.With, 50), "ms")} against {Mark.Text(Percentiles.Of(live.Without, 50), "ms")} without", Ratio(live.With, live.Without, 50)),
            Mark.Beside($"    p99 in the {WarmUpMoves} moves before, with a cold process", Ratio(live.ColdWith, live.ColdWithout, 99)),
            Mark.Is(string.Create(CultureInfo.InvariantCulture, $"  history of {live.Operations} operations linearizable"), live.IsLinearizable ? "yes" : "NO", live.IsLinearizable),
        ];
    }

    private static string Ratio(List<double> with, List<double> without, double percent) => Mark.Text(Percentiles.Of(with, percent) / Percentiles.Of(without, percent), "×");

    private async Task<Result> MeasureAsync(int moves, int warmUp, bool freezesBeforeCopy, CancellationToken cancellationToken)
    {
        Say($"three nodes, two groups; loading {Keys} keys into shard {Shard}{(freezesBeforeCopy ? ", which freezes before its copy" : "")}");
        await using BenchCluster cluster = await BenchCluster.StartAsync(
            options => freezesBeforeCopy ? options with { Handoff = HandoffDriverOptions.Default with { FreezesBeforeCopy = true } } : options, null, cancellationToken);
        await cluster.JoinAsync([2], cancellationToken);
        string tag = KeyPicker.TagOf(Shard);
        await LoadAsync(cluster.Client.Clerk, tag, cancellationToken);

        string[] keys = [.. Enumerable.Range(0, KeysOfEach).Select(i => $"hot{tag}{i}"), .. Enumerable.Range(0, KeysOfEach).Select(static i => $"other/{i}").Where(IsElsewhere)];
        using MovingWaits listening = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        RecordedClient[] clients = [.. Enumerable.Range(0, Clients).Select(number => new RecordedClient(cluster.Client.Clerk, number, Clients, keys, KeysOfEach))];
        Task working = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(stop.Token), CancellationToken.None)));
        Result result = new();
        List<(long From, long To)> quiet = [], moving = [];
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            int owner = (await cluster.Client.Shards.GetMapAsync(cancellationToken)).Shards[Shard].Owner;
            for (int move = 1 - warmUp; move <= moves; move++)
            {
                owner = owner == 1 ? 2 : 1;
                long from = Stopwatch.GetTimestamp();
                await cluster.MoveAsync(new ShardId(Shard), owner, cancellationToken);
                TimeSpan took = Stopwatch.GetElapsedTime(from);
                moving.Add((from, Stopwatch.GetTimestamp()));
                result.Moves.Add(took.TotalMilliseconds);
                double[] waits = [.. listening.Take().Select(static wait => wait.Milliseconds)];
                result.Waits.AddRange(waits);
                Say(string.Create(CultureInfo.InvariantCulture, $"{(move > 0 ? $"move {move}" : "a move")} to g{owner}: {took.TotalMilliseconds:F0} ms, {waits.Length} operations waited, at most {waits.DefaultIfEmpty().Max():F1} ms"));

                // What the move leaves behind (the source's release, snapshots) is not held against the quiet round, nor counted for it.
                await Task.Delay(TimeSpan.FromMilliseconds(300), cancellationToken);
                from = Stopwatch.GetTimestamp();
                await Task.Delay(took, cancellationToken);
                quiet.Add((from, Stopwatch.GetTimestamp()));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await working;
        }

        result.Waits.AddRange(listening.Take().Select(static wait => wait.Milliseconds));
        result.ColdWith.AddRange(Within(clients, moving[..warmUp]));
        result.ColdWithout.AddRange(Within(clients, quiet[..warmUp]));
        result.With.AddRange(Within(clients, moving[warmUp..]));
        result.Without.AddRange(Within(clients, quiet[warmUp..]));
        List<Operation> history = [.. clients.SelectMany(static client => client.History)];
        result.Operations = history.Count;
        Say(string.Create(CultureInfo.InvariantCulture, $"checking the history of {history.Count} operations"));
        result.IsLinearizable = HistoryChecker.Check(history).All(static key => key.Verdict == Verdict.Linearizable);
        return result;
    }

    private static bool IsElsewhere(string key) => ShardFunction.Default.Of(Encoding.UTF8.GetBytes(key)).Value != Shard;

    private static IEnumerable<double> Within(RecordedClient[] clients, List<(long From, long To)> rounds) =>
        clients.SelectMany(static client => client.Elsewhere)
            .Where(operation => rounds.Exists(round => operation.At >= round.From && operation.At <= round.To)).Select(static operation => operation.Milliseconds);

    private async Task LoadAsync(IClerk clerk, string tag, CancellationToken cancellationToken)
    {
        byte[] value = Encoding.UTF8.GetBytes(new string('v', 100));
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Loaders).Select(_ => Task.Run(
            async () =>
            {
                for (int i; (i = Interlocked.Increment(ref next)) < Keys;)
                    await clerk.PutAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{tag}{i:d6}")), value, cancellationToken);
            },
            cancellationToken)));
    }

    private sealed class Result
    {
        public List<double> Waits { get; } = [];

        public List<double> Moves { get; } = [];

        public List<double> With { get; } = [];

        public List<double> Without { get; } = [];

        public List<double> ColdWith { get; } = [];

        public List<double> ColdWithout { get; } = [];

        public int Operations { get; set; }

        public bool IsLinearizable { get; set; }
    }
}
