using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.Client.Commands;
using Quorleans.Client.Workload;
using Quorleans.KeyValue;
using Quorleans.Linearizability;
using Quorleans.Tests.Shared;

namespace Quorleans.Chaos;

/// <summary>One run: a cluster, a workload, lanes of faults; then everything is healed and checked.</summary>
/// <param name="options">What it is told.</param>
/// <param name="log">Is told what happens.</param>
internal sealed class ChaosRun(ChaosOptions options, Log log)
{
    private const int Keys = 48;
    private const int Transactions = 10;
    private const int Checker = 1_000_000;
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HealPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs.</summary>
    /// <returns>The exit status.</returns>
    public async Task<int> RunAsync(Interruption interruption)
    {
        string folder = Directory.CreateTempSubdirectory(string.Create(CultureInfo.InvariantCulture, $"quorleans-chaos-{Environment.ProcessId}-")).FullName;
        log.Open(Path.Combine(folder, "chaos.log"));
        log.Say($"seed {options.Seed}, {options.Nodes} nodes, {options.Duration.TotalMinutes:0.##} minutes, {options.Clients} clients; {folder}");
        bool isDone = false;
        try
        {
            await using ChaosWorld world = ChaosWorld.Build(options, folder, log);
            interruption.Ending = world.Abandon;
            isDone = await RunAsync(world, interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.IsRequested)
        {
            // Before the workload ran; there is nothing to check.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            log.Violate($"the run itself failed: {e}");
        }

        bool isGood = log.Violations.Count == 0;
        foreach (string violation in log.Violations) log.Say($"  violation: {violation.Split('\n')[0]}");
        if (isGood && !options.Keep)
        {
            log.Close();
            Directory.Delete(folder, recursive: true);
        }
        else
        {
            log.Say($"history and logs are kept: {folder}");
        }

        Console.Out.WriteLine(isGood ? isDone ? "No violation." : "No violation until it was interrupted." : "VIOLATED.");
        Console.Out.WriteLine($"The same schedule again: {options.Command}");
        return !isGood ? 1 : isDone ? 0 : Interruption.ExitCode;
    }

    private async Task<bool> RunAsync(ChaosWorld world, CancellationToken interrupted)
    {
        await world.StartAsync(interrupted);
        log.Say($"{world.Nodes.Count} nodes are up");
        await using ICluster client = await world.ConnectAsync(interrupted);
        await using ICluster operators = await world.ConnectAsync(interrupted);
        Jobs jobs = new(operators.Jobs, log, world.Folder, options.Seed);
        jobs.Prepare();
        Administration admin = new(operators, world.Cluster.Nodes, log);
        Nemesis nemesis = new(world, admin, log);

        string path = Path.Combine(world.Folder, "history.jsonl");
        MonotonicClock clock = new(TimeProvider.System);
        await using HistoryWriter history = HistoryWriter.Create(path);
        if (!OperationMix.TryParse(OperationMix.Default, out OperationMix? mix, out string? problem)) throw new InvalidOperationException(problem);
        WorkloadOptions workload = new()
        {
            // Ended by its token.
            Clients = options.Clients, Keys = Keys, Duration = TimeSpan.FromDays(30), Mix = mix, TxnPercent = Transactions, Seed = options.Seed,
        };
        using CancellationTokenSource endWork = new(), endFaults = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        Ledger ledger = new(client.Clerk, log);
        Task<WorkloadSummary> work = Task.Run(() => new WorkloadRun(client.Clerk, history, clock, workload).RunAsync(endWork.Token), CancellationToken.None);
        Task book = Task.Run(() => ledger.RunAsync(endWork.Token), CancellationToken.None);

        endFaults.CancelAfter(options.Duration);
        long begun = Stopwatch.GetTimestamp();
        Task faults = Task.WhenAll(Lanes().Select(lane => Task.Run(() => RunAsync(lane, nemesis, admin, jobs, endFaults.Token), CancellationToken.None)));
        while (!faults.IsCompleted && !endFaults.IsCancellationRequested)
        {
            await Task.WhenAny(faults, Pause.ForAsync(Progress, endFaults.Token));
            if (!endFaults.IsCancellationRequested)
                log.Say($"{Stopwatch.GetElapsedTime(begun).TotalMinutes:F1} of {options.Duration.TotalMinutes:0.##} minutes: {history.Recorded} operations, {ledger.Acknowledged} new keys; {Faults()}");
        }

        await faults;
        log.Say($"the faults are over: {Faults()}");
        long healed = Stopwatch.GetTimestamp();
        await world.WaitReadyAsync(HealPatience, CancellationToken.None);
        await SettleAsync(operators, CancellationToken.None);
        log.Say($"all nodes are ready and all shards where they belong, {Stopwatch.GetElapsedTime(healed).TotalSeconds:F1} s after the last fault");

        await endWork.CancelAsync();
        WorkloadSummary summary = await work;
        await book;
        await ReadAllAsync(client.Clerk, history, clock, workload);
        await history.FinishAsync();
        await ledger.CheckAsync(CancellationToken.None);
        ShardVerification replicas = await ShardVerification.RunAsync(operators, await operators.Shards.GetMapAsync(CancellationToken.None), TimeProvider.System, CancellationToken.None);
        foreach (string wrong in replicas.Problems) log.Violate(wrong);
        Check(path);
        log.Say($"faults: {Faults()}");
        if (log.Counts(static name => !IsFault(name)) is { Length: > 0 } others) log.Say($"also: {others}");
        log.Say($"{summary.Operations} operations, {summary.Unknown} of them with unknown outcome, {summary.Refused} more that surely did not happen; longest gap without a success {summary.LongestGapMs:F0} ms; {ledger.Acknowledged} new keys, all looked for; {replicas.Replicas} replicas compared");
        return !interrupted.IsCancellationRequested;
    }

    private IEnumerable<Lane> Lanes()
    {
        (FaultKind, int)[] processes = Without((FaultKind.Kill, 6), (FaultKind.Pause, 4), (FaultKind.Restart, 3), (FaultKind.DiskFull, 2), (FaultKind.KillAll, 1));
        List<Lane> lanes =
        [
            new("processes", options.Seed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6), processes),
            new("network", options.Seed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12), Without((FaultKind.Cut, 1), (FaultKind.CutOneWay, 1))),
            new("operator", options.Seed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6), Without((FaultKind.Transfer, 2), (FaultKind.Shards, 3), (FaultKind.Members, 2))),
            new("jobs", options.Seed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8), Without((FaultKind.Job, 1))),
        ];
        // With more nodes, more may be away at once without the loss of a majority.
        if (options.Nodes > 3) lanes.Add(new Lane("more processes", options.Seed, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(15), Without((FaultKind.Kill, 2), (FaultKind.Pause, 1), (FaultKind.Restart, 1))));
        return lanes.Where(static lane => !lane.IsEmpty);
    }

    private (FaultKind, int)[] Without(params (FaultKind Kind, int)[] mix) => [.. mix.Where(part => !options.Without.Contains(part.Kind))];

    private async Task RunAsync(Lane lane, Nemesis nemesis, Administration admin, Jobs jobs, CancellationToken stop)
    {
        while (true)
        {
            Step step = lane.Next();
            await Pause.ForAsync(step.Before, stop);
            if (stop.IsCancellationRequested) return;
            bool isDone = true;
            switch (step.Kind)
            {
                case FaultKind.Job:
                    long start = Environment.TickCount64;
                    await jobs.RunAsync(() => nemesis.LastDiskFull >= start, CancellationToken.None);
                    break;
                case FaultKind.Transfer or FaultKind.Shards or FaultKind.Members:
                    isDone = await admin.DoAsync(step, stop);
                    break;
                default:
                    isDone = await nemesis.DoAsync(step, stop);
                    break;
            }

            log.Count(isDone ? Name(step.Kind) : $"{Name(step.Kind)} not possible");
        }
    }

    private string Faults() => log.Counts(IsFault);

    private static bool IsFault(string name) => Enum.GetValues<FaultKind>().Any(kind => Name(kind) == name);

    private static string Name(FaultKind kind) => kind switch
    {
        FaultKind.KillAll => "kill of all",
        FaultKind.DiskFull => "disk full",
        FaultKind.CutOneWay => "cut one way",
        FaultKind.Shards => "shard move",
        FaultKind.Members => "membership change",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private async Task SettleAsync(ICluster operators, CancellationToken cancellationToken)
    {
        string problem = "";
        bool isSettled = await Poll.UntilAsync(async () =>
        {
            try
            {
                ShardMap map = await operators.Shards.GetMapAsync(cancellationToken);
                int moving = map.Shards.Count(static shard => shard.IsMoving || shard.Owner != shard.Target);
                string[] groups = [.. map.Groups.Where(static group => group.Phase != GroupPhase.Active).Select(static group => GroupNames.Of(group.Gid))];
                problem = string.Create(CultureInfo.InvariantCulture, $"{moving} shards are not where they belong; groups that come or go: {string.Join(", ", groups)}");
                return moving == 0 && groups.Length == 0;
            }
            catch (Exception e) when (e is ShardControllerException or TimeoutException or OrleansException)
            {
                problem = e.Message;
                return false;
            }
        }, Look, HealPatience, cancellationToken);
        if (!isSettled) log.Violate($"{HealPatience.TotalMinutes} minutes after the last fault {problem}");
    }

    // As operations of the history: what was acknowledged last must be what is there.
    private static async Task ReadAllAsync(IClerk clerk, HistoryWriter history, MonotonicClock clock, WorkloadOptions workload)
    {
        for (int i = 0; i < workload.Keys; i++)
        {
            string key = workload.KeyName(i);
            long call = clock.NowNs;
            GetResult found = await clerk.GetAsync(Encoding.UTF8.GetBytes(key));
            string? value = found.Found ? Encoding.UTF8.GetString(found.Value.Span) : null;
            history.Record(new OperationRecord(Checker, Quorleans.Client.Workload.OperationKind.Get, key, "", null, value, true, call, clock.NowNs));
        }
    }

    private void Check(string path)
    {
        long start = Stopwatch.GetTimestamp();
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        IReadOnlyList<Operation> operations = HistoryReader.Read(file);
        IReadOnlyList<KeyHistory> keys = HistoryChecker.Split(operations);
        KeyResult[] results = new KeyResult[keys.Count];
        Parallel.For(0, keys.Count, i => results[i] = HistoryChecker.Check(keys[i]));
        foreach (KeyResult result in results)
        {
            if (result.Verdict == Verdict.NotLinearizable) log.Violate($"the history is not linearizable on {result.Key}:\n{result.Explanation}");
            else if (result.Verdict == Verdict.GaveUp) log.Violate($"whether the history is linearizable on {result.Key} could not be decided within the budget; try check-history --budget");
        }

        if (results.All(static result => result.Verdict == Verdict.Linearizable)) log.Say($"linearizable: {operations.Count} operations on {results.Length} groups of keys, checked in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
    }
}
