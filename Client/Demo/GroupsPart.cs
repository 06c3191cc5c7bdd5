using System.Globalization;
using Quorleans.Client.Workload;
using Quorleans.KeyValue;
using Quorleans.Linearizability;

namespace Quorleans.Client.Demo;

/// <summary>The part of the demonstration with more groups: two join while clients work, shards move live, one leaves.</summary>
internal sealed class GroupsPart(ICluster client, AcknowledgedWrites acknowledged, Narrator narrator, TimeProvider time, IReadOnlyList<string> nodes, string directory)
{
    private const int Clients = 16;
    private const int Keys = 64;

    // That few operations are linearizable would say little: each key is to be read a dozen times and more.
    private const int OperationsWanted = 2000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UntilStopped = TimeSpan.FromDays(1);

    private string HistoryPath => Path.Combine(directory, "history.jsonl");

    /// <summary>Lets groups join and leave under a workload.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        narrator.Step("Move data while it is served");
        using MovingWaits waits = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using HistoryWriter history = HistoryWriter.Create(HistoryPath);
        await using ContinuousWriter writer = new(client.Clerk, acknowledged, time, "move/");
        Task<WorkloadSummary> working = WorkAsync(history, stop.Token);
        writer.Start();
        await writer.WaitForWritesAsync(100, cancellationToken);
        ShardMap before = await client.Shards.GetMapAsync(cancellationToken);
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"g1 serves all {before.Shards.Length} shards; {Clients} clients read and write, and record what they see. Now g2 and g3 join, on the same nodes. Each shard is served while it is copied."));
        writer.Reset();
        ShardMap shared = await ChangeAsync(
            "join 2 and 3", before, () => client.Shards.JoinAsync([.. ((int[])[2, 3]).Select(gid => new JoiningGroup(gid, [.. nodes]))], cancellationToken), cancellationToken);
        ShardMap after = await ChangeAsync("leave 3", shared, () => client.Shards.LeaveAsync([3], cancellationToken), cancellationToken);
        await writer.WaitForWritesAsync(100, cancellationToken);
        await Task.WhenAny(history.WaitForAsync(OperationsWanted, cancellationToken), working);
        await stop.CancelAsync();
        WorkloadSummary summary = await working;
        await history.FinishAsync();
        TellPauses(waits.Take());
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"All the while: {summary.Operations} operations of the clients; the longest time in which none of them succeeded was {summary.LongestGapMs:F0} ms. Owners now: {Owners(after)}."));
    }

    /// <summary>Whether what the clients saw meanwhile is linearizable; says so.</summary>
    public bool Verify()
    {
        using FileStream file = File.OpenRead(HistoryPath);
        IReadOnlyList<Operation> history = HistoryReader.Read(file);
        KeyResult[] wrong = [.. HistoryChecker.Check(history).Where(static key => key.Verdict != Verdict.Linearizable)];
        if (wrong.Length == 0)
            narrator.Succeed(string.Create(CultureInfo.InvariantCulture, $"What the clients saw while shards moved, {history.Count} operations on {Keys} keys, is linearizable."));
        else narrator.Fail($"What the clients saw while shards moved is not linearizable, or could not be decided: {string.Join(", ", wrong.Select(static key => key.Key))}.");
        return wrong.Length == 0;
    }

    private Task<WorkloadSummary> WorkAsync(HistoryWriter history, CancellationToken stop)
    {
        if (!OperationMix.TryParse(OperationMix.Default, out OperationMix? mix, out string? problem)) throw new InvalidOperationException(problem);
        WorkloadOptions options = new() { Clients = Clients, Keys = Keys, Duration = UntilStopped, Mix = mix, Seed = 1 };
        return Task.Run(() => new WorkloadRun(client.Clerk, history, new MonotonicClock(time), options).RunAsync(stop), CancellationToken.None);
    }

    private async Task<ShardMap> ChangeAsync(string command, ShardMap before, Func<Task<ControllerResult>> change, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        await change();
        for (int look = 0; look < StepTimeout / Look; look++)
        {
            ShardMap map = await client.Shards.GetMapAsync(cancellationToken);
            if (map.Shards.All(static shard => !shard.IsMoving && shard.Owner == shard.Target))
            {
                int moved = map.Shards.Where((shard, number) => shard.Owner != before.Shards[number].Owner).Count();
                narrator.Command(command, string.Create(CultureInfo.InvariantCulture, $"{moved} shards moved in {time.GetElapsedTime(started).TotalMilliseconds:F0} ms"));
                return map;
            }

            await Task.Delay(Look, time, cancellationToken);
        }

        throw new ClientException($"after {command} the shards have not moved within {StepTimeout.TotalSeconds} s");
    }

    private void TellPauses(IReadOnlyList<(int Shard, double Milliseconds)> waits)
    {
        if (waits.Count == 0)
        {
            narrator.Say("No operation came to a shard in the moment in which nobody served it.");
            return;
        }

        (int Shard, double Milliseconds)[] pauses = [.. waits.GroupBy(static wait => wait.Shard).Select(static shard => (shard.Key, shard.Max(static wait => wait.Milliseconds))).OrderBy(static shard => shard.Key)];
        (int Shard, double Milliseconds) longest = pauses.MaxBy(static pause => pause.Milliseconds);
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"{waits.Count} operations came to one of {pauses.Length} shards in that moment. They waited, from the first answer \"it is moving\" to their success, {longest.Milliseconds:F0} ms at most (shard {longest.Shard}); the longest wait for each shard, in ms:"));
        narrator.Say(string.Join("  ", pauses.Select(static pause => string.Create(CultureInfo.InvariantCulture, $"{pause.Shard}: {pause.Milliseconds:F0}"))));
    }

    private static string Owners(ShardMap map) =>
        string.Join(", ", map.Shards.GroupBy(static shard => shard.Owner).OrderBy(static group => group.Key).Select(static group => $"{GroupNames.Of(group.Key)} {group.Count()}"));
}
