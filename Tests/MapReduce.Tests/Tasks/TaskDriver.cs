using Microsoft.Extensions.Time.Testing;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>Runs a job's tasks one after the other, as a coordinator without a cluster would. Map tasks take turns on as many machines as wanted.</summary>
internal sealed class TaskDriver : IDisposable
{
    public const string Secret = "s3cret";
    private readonly List<TaskRunner> _runners = [];
    private readonly int _machines;

    public TaskDriver(JobFolder folder, JobSpec spec, int machines = 1, Func<HttpMessageHandler, HttpMessageHandler>? network = null)
    {
        (Folder, Spec, _machines) = (folder, spec, machines);
        WorkRoot = Path.Combine(folder.Root, "work");
        for (int i = 0; i < machines; i++)
        {
            Directory.CreateDirectory(WorkOf(i));
            Servers.Add(new MapOutputServer(WorkOf(i), job => job == spec.Id ? Secret : null));
        }

        HttpMessageHandler handler = new InMemoryNetwork(Servers);
        _runners.Add(new TaskRunner(null, new MapOutputFetcher(network?.Invoke(handler) ?? handler, TimeSpan.FromMilliseconds(1))));
        JobOutput.Begin(spec);
    }

    public JobFolder Folder { get; }

    public JobSpec Spec { get; }

    public string WorkRoot { get; }

    public List<MapOutputServer> Servers { get; } = [];

    public AllowedPaths Allowed { get; init; } = AllowedPaths.Everything;

    public List<string> StoreFiles { get; } = [];

    /// <summary>What the reduce tasks of the step that ran last were given.</summary>
    public List<MapOutput> MapOutputs { get; } = [];

    public static JobSpec SpecOf(JobFolder folder, string application, params (string Name, string Value)[] arguments) => new()
    {
        Id = "20261125-221530-7f3a9c01",
        Application = application,
        Arguments = [.. arguments.Select(static a => KeyValuePair.Create(a.Name, a.Value))],
        Inputs = [folder.Inputs],
        Output = folder.Output,
        Durable = false,
    };

    /// <summary>Runs all, and publishes.</summary>
    public void RunToEnd()
    {
        IReadOnlyList<string> inputs = [];
        int steps = 1;
        for (int step = 0; step < steps; step++)
        {
            PlanOutcome plan = Plan(step, inputs);
            steps = plan.Steps;
            Map(step, plan);
            inputs = [.. Enumerable.Range(0, plan.Reducers).Select(i => Done(Reduce(step, plan, i)).Reduce!.File)];
        }

        Assert.Equal(JobPublication.Published, new JobOutput().Publish(Spec, 1, inputs, JobReport.ToJson([], Spec.Id), CancellationToken.None));
        new JobOutput().Remove(Spec);
        Directory.Delete(WorkRoot, recursive: true);
    }

    public PlanOutcome Plan(int step = 0, IReadOnlyList<string>? inputs = null)
    {
        TaskOrder order = new() { Spec = Spec, Task = new TaskId(step, TaskKind.Plan, 0), Attempt = new AttemptId(1, 1), Plan = new PlanOrder(inputs ?? [], 2) };
        return Done(Run(order)).Plan!;
    }

    public void Map(int step, PlanOutcome plan)
    {
        MapOutputs.Clear();
        for (int i = 0; i < plan.Maps; i++) MapOutputs.Add(OutputOf(i, Done(RunMap(step, plan.File, i))));
    }

    public TaskOutcome RunMap(int step, string plan, int index, params IReadOnlyList<RecordPlace> skip) =>
        Run(new TaskOrder { Spec = Spec, Task = new TaskId(step, TaskKind.Map, index), Attempt = new AttemptId(1, 1), Map = new MapOrder(plan, skip) }, index % _machines);

    public TaskOutcome Reduce(int step, PlanOutcome plan, int index) =>
        Run(new TaskOrder { Spec = Spec, Task = new TaskId(step, TaskKind.Reduce, index), Attempt = new AttemptId(1, 1), Reduce = new ReduceOrder(plan.File, MapOutputs) });

    public TaskOutcome Run(TaskOrder order, int machine = 0, CancellationToken cancellation = default)
    {
        string folder = Path.Combine(WorkOf(machine), Spec.Id, $"{order.Task}-{order.Attempt}");
        Directory.CreateDirectory(folder);
        AttemptEnvironment environment = new() { Folder = folder, Machine = $"m{machine}", Allowed = Allowed, StoreFiles = StoreFiles };
        using AttemptLog log = new(Path.Combine(folder, "log"), new FakeTimeProvider());
        return _runners[0].Run(order with { Secret = Secret }, environment, new TaskProgress(), log, cancellation);
    }

    public static TaskOutcome Done(TaskOutcome outcome)
    {
        Assert.Null(outcome.Failure?.Message);
        return outcome;
    }

    public void Dispose()
    {
        foreach (TaskRunner runner in _runners) runner.Dispose();
    }

    private string WorkOf(int machine) => Path.Combine(WorkRoot, $"m{machine}");

    private MapOutput OutputOf(int index, TaskOutcome outcome) => new(
        index, outcome.Key.Attempt, $"n{index % _machines}", "i", $"m{index % _machines}", InMemoryNetwork.EndpointOf(index % _machines), outcome.Map!.Index, outcome.Map.SpilledBytes);
}
