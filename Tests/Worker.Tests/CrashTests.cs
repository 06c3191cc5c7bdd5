using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.Worker.Tests;

/// <summary>Whatever user code does to its process: the right failure, and the host goes on.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private readonly JobBench _bench = new();
    private readonly WorkerHost _host = new(new WorkerOptions { Slots = 1, AllowanceBytes = 64 << 20, UnmanagedBytes = 128 << 20, StopGrace = TimeSpan.FromMilliseconds(200) });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        int[] processes = [.. _host.ProcessIds];
        await _host.DisposeAsync();
        Assert.DoesNotContain(processes, Processes.Runs);
        _bench.Dispose();
    }

    [Theory]
    [InlineData("exit", "user code ended the process: it exited with status 3")]
    [InlineData("success", "user code ended the process: it exited with status 0")]
    [InlineData("failfast", "the application gives up")]
    [InlineData("overflow", "stack overflow")]
    [InlineData("thread", "thrown where nobody catches")]
    [InlineData("allocate", "out of memory: limit 68 MB")]
    [InlineData("native", "the limit is 196 MB")]
    [InlineData("loop", "no progress for 1 s")]
    [InlineData("sleep", "no progress for 1 s")]
    public async Task Crash_IsToldWithItsRecord_AndTheNextAttemptRuns(string how, string message)
    {
        string path = _bench.Add("a", "good\nbad\ngood\n");
        JobSpec spec = _bench.Misbehaving(how) with { TaskTimeoutSeconds = how is "loop" or "sleep" ? 1 : 60, MaxBadRecords = how == "allocate" ? 0 : 1 };
        TaskFailure failure = Assert.IsType<TaskFailure>((await _bench.FirstMapAsync(_host, spec)).Failure);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.Equal((TaskFailureKind.Crash, new RecordPlace(path, 5)), (failure.Kind, failure.Record));

        // What the coordinator does with it.
        TaskOutcome next = await _bench.FirstMapAsync(_host, spec with { MaxBadRecords = 1 }, default, failure.Record!.Value);
        Assert.Null(next.Failure);
        Assert.Equal((2, 1), (next.Map!.Records, next.Map.BadRecords));
    }

    [Theory]
    [InlineData("reduce")]
    [InlineData("combine")]
    public async Task Crash_ElsewhereThanInAMapper_BlamesNoRecord(string where)
    {
        _bench.Add("a", "good\nbad\n");
        JobSpec spec = _bench.Misbehaving("exit", where) with { Reducers = 1 };
        TaskOutcome plan = await _bench.PlanAsync(_host, spec);
        TaskOutcome outcome = await _bench.MapAsync(_host, spec, plan.Plan!, 0);
        if (where == "reduce") outcome = await _bench.ReduceAsync(_host, spec, plan.Plan!, [outcome], 0);
        Assert.Equal((TaskFailureKind.Crash, null), (outcome.Failure?.Kind, outcome.Failure?.Record));
    }

    [Fact]
    public async Task Crash_InThePlan_IsOne()
    {
        _bench.Add("a", "good\n");
        TaskOutcome plan = await _bench.PlanAsync(_host, _bench.Misbehaving("exit", "define"));
        Assert.Equal(TaskFailureKind.Crash, plan.Failure?.Kind);
    }

    [Fact]
    public async Task Exception_IsAFailureOfTheAttempt_WithItsStackInTheLog()
    {
        string path = _bench.Add("a", "good\nbad\n");
        TaskOutcome map = await _bench.FirstMapAsync(_host, _bench.Misbehaving("throw"));
        Assert.Equal(TaskFailureKind.Attempt, map.Failure?.Kind);
        Assert.Contains($"the record at byte 5 of {path}: InvalidOperationException: the application does not like it", map.Failure?.Message, StringComparison.Ordinal);
        Assert.Contains("at Quorleans.TestApplications.Misdeeds.Do", _bench.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_GoesToTheLog_AndInputIsEmpty()
    {
        _bench.Add("a", "bad\n");
        TaskOutcome map = await _bench.FirstMapAsync(_host, _bench.Misbehaving("print"));
        Assert.Null(map.Failure);
        foreach (string line in (string[])["printed to standard output", "printed to standard error", "written to the stream", "by another program", "without an end"])
            Assert.Contains(line + "\n", _bench.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("[end of", _bench.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BytesOnStandardOutput_AreNotTakenForTheWorkers()
    {
        _bench.Add("a", "bad\ngood\n");
        TaskOutcome map = await _bench.FirstMapAsync(_host, _bench.Misbehaving("garbage"));
        Assert.Null(map.Failure);
        Assert.Equal(2, map.Map!.Records);
    }

    [Fact]
    public async Task ProcessesThatUserCodeStarted_EndWithIt()
    {
        _bench.Add("a", "bad\n");
        JobSpec spec = _bench.Misbehaving("children");
        TaskOutcome plan = await _bench.PlanAsync(_host, spec);
        int worker = Assert.Single(_host.ProcessIds);
        TaskOutcome map = await _bench.MapAsync(_host, spec, plan.Plan!, 0);
        Assert.Contains("exited with status 4", map.Failure?.Message, StringComparison.Ordinal);
        await Processes.UntilAsync("the worker's group is empty", () => Processes.InGroup(worker).Length == 0);
    }

    [Theory]
    [InlineData("sleep")]
    [InlineData("loop")]
    public async Task Cancellation_EndsWhatDoesNotListen(string how)
    {
        _bench.Add("a", "bad\n");
        JobSpec spec = _bench.Misbehaving(how);
        TaskOutcome plan = await _bench.PlanAsync(_host, spec);
        int worker = Assert.Single(_host.ProcessIds);
        using CancellationTokenSource cancel = new();
        Task<TaskOutcome> map = _bench.MapAsync(_host, spec, plan.Plan!, 0, cancel.Token);
        cancel.Cancel();
        Assert.Equal(TaskFailureKind.Stopped, (await map).Failure?.Kind);
        Assert.False(Processes.Runs(worker));
    }
}
