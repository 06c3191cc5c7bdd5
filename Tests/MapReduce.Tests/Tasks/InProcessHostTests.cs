using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>Attempts in this process that do not end: their thread waits for a pipe that nobody writes into.</summary>
public sealed class InProcessHostTests : IDisposable
{
    private const int TimeoutSeconds = 30, PatienceSeconds = 10;
    private readonly JobFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TaskRunner _runner = new();
    private readonly TaskProgress _progress = new();
    private readonly AttemptLog _log;
    private readonly string _pipe;

    public InProcessHostTests()
    {
        _pipe = Path.Combine(_folder.Root, "pipe");
        using Process make = Process.Start("mkfifo", _pipe);
        make.WaitForExit();
        Assert.Equal(0, make.ExitCode);
        _log = new AttemptLog(Path.Combine(_folder.Root, "log"), _time);
    }

    public void Dispose()
    {
        // Lets the thread go that was left behind.
        File.OpenHandle(_pipe, FileMode.Open, FileAccess.Write).Dispose();
        _log.Dispose();
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AttemptWithoutProgress_IsStopped_AndCountsAsACrash()
    {
        Task<TaskOutcome> run = Run(CancellationToken.None);
        int seconds = await SecondsUntilEndAsync(run);
        TaskFailure failure = (await run).Failure!;
        Assert.Equal((TaskFailureKind.Crash, $"no progress for {TimeoutSeconds} s: the attempt was stopped"), (failure.Kind, failure.Message));
        Assert.True(seconds >= TimeoutSeconds + PatienceSeconds, $"it ended after {seconds} s");
    }

    [Fact]
    public async Task AttemptWithProgress_IsLetGoOn()
    {
        using CancellationTokenSource stop = new();
        Task<TaskOutcome> run = Run(stop.Token);

        // The source of progress that the attempt has set says nothing new; what is set from outside stands for it.
        for (int second = 0; second < 3 * TimeoutSeconds; second++)
        {
            long bytes = second;
            _progress.Follow(() => new TaskProgress.State(bytes, 0, 0, ""));
            await AdvanceAsync(run);
        }

        Assert.False(run.IsCompleted);
        await stop.CancelAsync();
        await SecondsUntilEndAsync(run);
    }

    [Fact]
    public async Task AttemptThatIsToldToStop_AndDoesNot_IsLeftBehind()
    {
        using CancellationTokenSource stop = new();
        Task<TaskOutcome> run = Run(stop.Token);
        await AdvanceAsync(run);
        await stop.CancelAsync();
        int seconds = await SecondsUntilEndAsync(run);
        TaskFailure failure = (await run).Failure!;
        Assert.Equal(TaskFailureKind.Stopped, failure.Kind);
        Assert.Contains("left behind", failure.Message, StringComparison.Ordinal);
        Assert.True(seconds >= PatienceSeconds, $"it ended after {seconds} s");
    }

    private Task<TaskOutcome> Run(CancellationToken cancellation)
    {
        JobSpec spec = TaskDriver.SpecOf(_folder, "wordcount") with { TaskTimeoutSeconds = TimeoutSeconds };
        string plan = Path.Combine(_folder.Root, "plan");
        new StepPlan { Step = 0, Name = "wordcount", Reducers = 1, InputFiles = 1, Splits = [new InputSplit([new FileRange(_pipe, 0, 100)])] }.Write(plan, durable: false);
        TaskOrder order = new() { Spec = spec, Task = new TaskId(0, TaskKind.Map, 0), Attempt = new AttemptId(1, 1), Map = new MapOrder(plan, []) };
        string work = Path.Combine(_folder.Root, "work");
        Directory.CreateDirectory(work);
        return new InProcessHost(_runner, _time).RunAsync(order, new AttemptEnvironment { Folder = work, Machine = "m" }, _progress, _log, cancellation);
    }

    private async Task<int> SecondsUntilEndAsync(Task run)
    {
        int seconds = 0;
        for (; !run.IsCompleted; seconds++)
        {
            Assert.True(seconds < 1000, "it does not end");
            await AdvanceAsync(run);
        }

        return seconds;
    }

    private async Task AdvanceAsync(Task run)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAny(run, Task.Delay(5));
    }
}
