using System.Diagnostics;
using System.Runtime.InteropServices;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>Attempts in this process that do not end: their thread waits for a pipe that nobody writes into.</summary>
public sealed class InProcessHostTests : IDisposable
{
    private const int TimeoutSeconds = 30, PatienceSeconds = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly JobFolder _folder = new();
    private readonly WatchedTime _time = new();
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
        // Lets the thread go that was left behind; for reading, too, so that it does not wait for one that is not there.
        File.OpenHandle(_pipe, FileMode.Open, FileAccess.ReadWrite).Dispose();
        _log.Dispose();
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AttemptWithoutProgress_IsStopped_AndCountsAsACrash()
    {
        Task<TaskOutcome> run = await BeginAsync(CancellationToken.None);
        int seconds = await SecondsUntilEndAsync(run);
        TaskFailure failure = (await run).Failure!;
        Assert.Equal((TaskFailureKind.Crash, $"no progress for {TimeoutSeconds} s: the attempt was stopped"), (failure.Kind, failure.Message));
        Assert.True(seconds >= TimeoutSeconds + PatienceSeconds, $"it ended after {seconds} s");
    }

    [Fact]
    public async Task AttemptWithProgress_IsLetGoOn()
    {
        using CancellationTokenSource stop = new();
        Task<TaskOutcome> run = await BeginAsync(stop.Token);

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
        Task<TaskOutcome> run = await BeginAsync(stop.Token);
        await AdvanceAsync(run);
        await stop.CancelAsync();
        int seconds = await SecondsUntilEndAsync(run);
        TaskFailure failure = (await run).Failure!;
        Assert.True(failure.Kind == TaskFailureKind.Stopped, failure.Message);
        Assert.Contains("left behind", failure.Message, StringComparison.Ordinal);
        Assert.True(seconds >= PatienceSeconds, $"it ended after {seconds} s");
    }

    // Returns when the attempt waits for the pipe. Nobody is told of that, but the kernel knows: its thread is in the call that opens a file, again and again.
    private async Task<Task<TaskOutcome>> BeginAsync(CancellationToken cancellation)
    {
        Task<TaskOutcome> run = Run(cancellation);
        if (Read("/proc/self", "syscall").Length == 0) return run;
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(1));
        for (int seen = 0; seen < 3; seen = IsOpening() ? seen + 1 : 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "the attempt does not open its input");
            await look.WaitForNextTickAsync(CancellationToken.None);
        }

        return run;
    }

    private static bool IsOpening()
    {
        string open = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "257 " : "56 ";
        return Directory.EnumerateDirectories("/proc/self/task").Any(thread => Read(thread, "comm") == "mapreduce map-0\n" && Read(thread, "syscall").StartsWith(open, StringComparison.Ordinal));
    }

    private static string Read(string thread, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or this is no Linux.
            return "";
        }
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

    // The host has seen the second when it waits again, or ends.
    private async Task AdvanceAsync(Task run)
    {
        await _time.WaitedForAsync(run);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.WaitedForAsync(run);
    }
}
