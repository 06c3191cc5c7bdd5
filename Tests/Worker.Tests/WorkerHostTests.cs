using System.Text.Json;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.Worker.Tests;

/// <summary>When a process is used again, and when it is not.</summary>
public sealed class WorkerHostTests : IDisposable
{
    private readonly JobBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Output_EqualsThatOfThisProcess_ByteForByte()
    {
        Random random = new(7);
        for (int i = 0; i < 3; i++) _bench.Add($"{i}", string.Concat(Enumerable.Range(0, 20_000).Select(_ => $"{random.Next(5000)} é{random.Next(300)}\n")));
        JobSpec spec = _bench.Spec(typeof(Samples.WordCount.WordCount).Assembly.Location) with { SplitBytes = 50_000 };
        await using WorkerHost workers = new(new WorkerOptions { Slots = 1 });
        using TaskRunner runner = new();
        (List<TaskOutcome> outcomes, string output) = await _bench.RunAllAsync(workers, spec);
        (List<TaskOutcome> expected, string expectedOutput) = await _bench.RunAllAsync(new InProcessHost(runner, TimeProvider.System), spec);
        Assert.True(output.Length > 10_000);
        Assert.Equal(expectedOutput, output);
        Assert.Equal(expected.Select(Facts), outcomes.Select(Facts));
        Assert.Equal(60_000, outcomes.SelectMany(static outcome => outcome.Counters).Where(static counter => counter.Key == "lines").Sum(static counter => counter.Value));
        Assert.Equal(1, workers.Started);

        static (long?, long?, long?, long?, long?) Facts(TaskOutcome outcome) => (outcome.Map?.Records, outcome.Map?.Pairs, outcome.Map?.SpilledBytes, outcome.Reduce?.Groups, outcome.Reduce?.Bytes);
    }

    [Fact]
    public async Task Worker_IsUsedAgain_ForTheSameJobOnly()
    {
        _bench.Add("a", "good\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1 });
        JobSpec one = _bench.Misbehaving("none");
        await _bench.RunAllAsync(host, one);
        int first = Assert.Single(host.ProcessIds);
        Assert.Equal(1, host.Started);
        await _bench.RunAllAsync(host, _bench.Misbehaving("none"));
        await Processes.UntilAsync("one process", () => host.ProcessIds.Count == 1);
        Assert.NotEqual(first, host.ProcessIds[0]);
        Assert.False(Processes.Runs(first));
        Assert.Equal(2, host.Started);
    }

    [Fact]
    public async Task Worker_IsReplaced_AfterSoManyAttempts()
    {
        _bench.Add("a", "good\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1, MostAttempts = 2 });
        await _bench.RunAllAsync(host, _bench.Misbehaving("none") with { Reducers = 4 });
        Assert.Equal(3, host.Started);
    }

    [Fact]
    public async Task Worker_IsReplaced_WhenUserCodeLeavesThreadsBehind()
    {
        _bench.Add("a", "bad\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1 });
        TaskOutcome map = await _bench.FirstMapAsync(host, _bench.Misbehaving("threads"));
        Assert.Null(map.Failure);
        Assert.Empty(host.ProcessIds);
    }

    [Fact]
    public async Task IdleWorker_ThatComputes_IsEnded()
    {
        _bench.Add("a", "bad\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1, MostIdleTime = TimeSpan.FromHours(1) });
        Assert.Null((await _bench.FirstMapAsync(host, _bench.Misbehaving("busy"))).Failure);
        Assert.Single(host.ProcessIds);
        await Processes.UntilAsync("no process", () => host.ProcessIds.Count == 0);
    }

    [Fact]
    public async Task IdleWorker_EndsAfterAWhile()
    {
        _bench.Add("a", "good\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1, MostIdleTime = TimeSpan.FromSeconds(0.5) });
        Assert.Null((await _bench.FirstMapAsync(host, _bench.Misbehaving("none"))).Failure);
        await Processes.UntilAsync("no process", () => host.ProcessIds.Count == 0);
        Assert.Null((await _bench.FirstMapAsync(host, _bench.Misbehaving("none"))).Failure);
    }

    [Fact]
    public async Task Slots_RunAtTheSameTime_InProcessesOfTheirOwn()
    {
        for (int i = 0; i < 4; i++) _bench.Add($"{i}", "x");
        string markers = Directory.CreateDirectory(Path.Combine(_bench.Root, "markers")).FullName;
        JobSpec spec = _bench.Spec(JobBench.Applications + ":MapTiming", ("markers", markers), ("milliseconds", "500")) with { SplitBytes = 1 };
        await using WorkerHost host = new(new WorkerOptions { Slots = 2 });
        PlanOutcome plan = (await _bench.PlanAsync(host, spec)).Plan!;
        Assert.Equal(4, plan.Maps);
        TaskOutcome[] maps = new TaskOutcome[4];
        await Parallel.ForAsync(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (i, _) => maps[i] = await _bench.MapAsync(host, spec, plan, i));
        Assert.All(maps, static map => Assert.Null(map.Failure));
        Assert.Equal(2, host.Started);
    }

    [Fact]
    public async Task Dispose_EndsAttempts_AndLeavesNoFile()
    {
        _bench.Add("a", "bad\n");
        JobSpec spec = _bench.Misbehaving("sleep");
        WorkerHost host = new(new WorkerOptions { Slots = 1 });
        TaskOutcome plan = await _bench.PlanAsync(host, spec);
        int worker = Assert.Single(host.ProcessIds);
        Task<TaskOutcome> map = _bench.MapAsync(host, spec, plan.Plan!, 0);
        await host.DisposeAsync();
        Assert.Equal(TaskFailureKind.Stopped, (await map).Failure?.Kind);
        Assert.False(Processes.Runs(worker));
        Assert.Equal(TaskFailureKind.Stopped, (await _bench.MapAsync(host, spec, plan.Plan!, 0)).Failure?.Kind);
    }

    [Fact]
    public async Task MissingProgram_IsNamed()
    {
        _bench.Add("a", "x\n");
        await using WorkerHost host = new(new WorkerOptions(), new WorkerProgram(Path.Combine(_bench.Root, "nowhere"), []));
        TaskFailure? failure = (await _bench.PlanAsync(host, _bench.Misbehaving("none"))).Failure;
        Assert.Equal(TaskFailureKind.Attempt, failure?.Kind);
        Assert.Contains("nowhere", failure?.Message, StringComparison.Ordinal);
        Assert.Contains("publish the whole folder", Assert.Throws<FileNotFoundException>(() => WorkerProgram.In(_bench.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgramThatIsNone_IsNoCrashOfUserCode()
    {
        _bench.Add("a", "x\n");
        await using WorkerHost host = new(new WorkerOptions(), new WorkerProgram("/bin/sh", ["-c", "echo what is this >&2; exit 9"]));
        TaskFailure? failure = (await _bench.PlanAsync(host, _bench.Misbehaving("none"))).Failure;
        Assert.Equal(TaskFailureKind.Attempt, failure?.Kind);
        Assert.Contains("did not begin: it exited with status 9; it last said: what is this", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Worker_NeedsNoFilesOfPackages()
    {
        // Beside a silo lie the silo's versions of packages, and those of its frameworks do not lie there at all.
        using JsonDocument dependencies = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Quorleans.MapReduce.Worker.deps.json")));
        JsonElement libraries = dependencies.RootElement.GetProperty("libraries");
        JsonElement target = dependencies.RootElement.GetProperty("targets").EnumerateObject().Single().Value;
        Assert.DoesNotContain(target.EnumerateObject(), library => libraries.GetProperty(library.Name).GetProperty("type").GetString() == "package" && library.Value.TryGetProperty("runtime", out _));
    }
}
