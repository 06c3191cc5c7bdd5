using System.Globalization;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using AttemptLog = Quorleans.MapReduce.Tasks.AttemptLog;

namespace Quorleans.Worker.Tests;

/// <summary>Runs a job's tasks one after the other on any host, as trackers would by a coordinator's orders.</summary>
internal sealed class JobBench : IDisposable
{
    public static readonly string Applications = Path.Combine(AppContext.BaseDirectory, "Quorleans.TestApplications.dll");

    private int _attempts;

    public JobBench() => Directory.CreateDirectory(Inputs);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"quorleans-worker-tests-{Guid.NewGuid():n}");

    public string Inputs => Path.Combine(Root, "in");

    public string Log => File.ReadAllText(Path.Combine(Root, "log"));

    public AllowedPaths Allowed { get; init; } = AllowedPaths.Everything;

    public string Add(string name, string content)
    {
        string path = Path.Combine(Inputs, name);
        File.WriteAllText(path, content);
        return path;
    }

    public JobSpec Spec(string application, params (string Name, string Value)[] arguments) => new()
    {
        Id = $"job-{Guid.NewGuid():n}",
        Application = application,
        Arguments = [.. arguments.Select(static argument => KeyValuePair.Create(argument.Name, argument.Value))],
        Inputs = [Inputs],
        Output = Path.Combine(Root, "out"),
        Reducers = 3,
        MemoryBytes = 1 << 20,
        MaxRecordBytes = 1 << 20,
        Durable = false,
    };

    public JobSpec Misbehaving(string how, string where = "map") => Spec(Applications + ":Misbehaving", ("how", how), ("where", where));

    public Task<TaskOutcome> PlanAsync(IAttemptHost host, JobSpec spec, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(JobPaths.Staging(spec));
        return RunAsync(host, new TaskOrder { Spec = spec, Task = new TaskId(0, TaskKind.Plan, 0), Attempt = Next(), Plan = new PlanOrder([], 1) }, cancellation);
    }

    public Task<TaskOutcome> MapAsync(IAttemptHost host, JobSpec spec, PlanOutcome plan, int map, CancellationToken cancellation = default, params RecordPlace[] skip) =>
        RunAsync(host, new TaskOrder { Spec = spec, Task = new TaskId(0, TaskKind.Map, map), Attempt = Next(), Map = new MapOrder(plan.File, skip) }, cancellation);

    public Task<TaskOutcome> ReduceAsync(IAttemptHost host, JobSpec spec, PlanOutcome plan, IReadOnlyList<TaskOutcome> maps, int reduce, CancellationToken cancellation = default) =>
        RunAsync(host, new TaskOrder
        {
            Spec = spec, Task = new TaskId(0, TaskKind.Reduce, reduce), Attempt = Next(),
            Reduce = new ReduceOrder(plan.File, [.. maps.Select(static (map, i) => new MapOutput(i, map.Key.Attempt, "n1", "1", "here", "", map.Map!.Index, map.Map.SpilledBytes))]),
        }, cancellation);

    /// <summary>Plans, and maps the first split.</summary>
    public async Task<TaskOutcome> FirstMapAsync(IAttemptHost host, JobSpec spec, CancellationToken cancellation = default, params RecordPlace[] skip)
    {
        TaskOutcome plan = await PlanAsync(host, spec, cancellation);
        Assert.Null(plan.Failure);
        return await MapAsync(host, spec, plan.Plan!, 0, cancellation, skip);
    }

    /// <summary>Runs all of it.</summary>
    /// <returns>The outcomes of maps, then of reduces, and the output.</returns>
    public async Task<(List<TaskOutcome> Outcomes, string Output)> RunAllAsync(IAttemptHost host, JobSpec spec)
    {
        PlanOutcome plan = Succeeded(await PlanAsync(host, spec)).Plan!;
        List<TaskOutcome> maps = [];
        for (int i = 0; i < plan.Maps; i++) maps.Add(Succeeded(await MapAsync(host, spec, plan, i)));
        List<TaskOutcome> reduces = [];
        for (int i = 0; i < plan.Reducers; i++) reduces.Add(Succeeded(await ReduceAsync(host, spec, plan, maps, i)));
        return ([.. maps, .. reduces], string.Concat(reduces.Select(static reduce => File.ReadAllText(reduce.Reduce!.File))));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static TaskOutcome Succeeded(TaskOutcome outcome)
    {
        Assert.True(outcome.Failure is null, outcome.Failure?.Message);
        return outcome;
    }

    private AttemptId Next() => new(1, ++_attempts);

    private async Task<TaskOutcome> RunAsync(IAttemptHost host, TaskOrder order, CancellationToken cancellation)
    {
        string folder = Path.Combine(Root, string.Create(CultureInfo.InvariantCulture, $"attempt-{order.Attempt}"));
        Directory.CreateDirectory(folder);
        using AttemptLog log = new(Path.Combine(Root, "log"), TimeProvider.System);
        return await host.RunAsync(order, new AttemptEnvironment { Folder = folder, Machine = "here", Allowed = Allowed }, new TaskProgress(), log, cancellation);
    }
}
