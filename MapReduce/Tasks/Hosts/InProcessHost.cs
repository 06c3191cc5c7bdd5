using System.Globalization;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// Runs attempts on threads of this process: for applications that are built in, whose code is known to behave. A thread cannot be ended from
/// outside; one that does not end when it is told to is left behind, and what it writes bears the name of an attempt that nobody wants.
/// </summary>
/// <param name="runner">Runs them.</param>
/// <param name="time">The clock.</param>
public sealed class InProcessHost(TaskRunner runner, TimeProvider time) : IAttemptHost
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(progress);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<TaskOutcome> ended = Start(order, environment, progress, log, stop.Token);
        TaskProgress.State seen = progress.Current;
        long since = time.GetTimestamp();
        bool isStalled = false;
        while (!isStalled && !cancellation.IsCancellationRequested && await Task.WhenAny(ended, Pause(LookEvery, cancellation)).ConfigureAwait(false) != ended)
        {
            TaskProgress.State now = progress.Current;
            if (now != seen) (seen, since) = (now, time.GetTimestamp());
            isStalled = time.GetElapsedTime(since).TotalSeconds >= order.Spec.TaskTimeoutSeconds;
        }

        if (isStalled) await stop.CancelAsync().ConfigureAwait(false);
        if (!ended.IsCompleted) await Task.WhenAny(ended, Pause(Patience, CancellationToken.None)).ConfigureAwait(false);
        TaskOutcome outcome = ended.IsCompleted ? await ended.ConfigureAwait(false) : Failed(order, TaskFailureKind.Stopped, "stopped; its thread did not end and was left behind");
        return isStalled && outcome.Failure is not null
            ? Failed(order, TaskFailureKind.Crash, string.Create(CultureInfo.InvariantCulture, $"no progress for {order.Spec.TaskTimeoutSeconds} s: the attempt was stopped"))
            : outcome;
    }

    private Task<TaskOutcome> Start(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        TaskCompletionSource<TaskOutcome> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            Posix.LowerPriority();
            ended.SetResult(runner.Run(order, environment, progress, log, cancellation));
        })
        {
            IsBackground = true,
            Name = $"mapreduce {order.Task}",
        };
        thread.Start();
        return ended.Task;
    }

    private Task Pause(TimeSpan span, CancellationToken cancellation) =>
        Task.Delay(span, time, cancellation).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static TaskOutcome Failed(TaskOrder order, TaskFailureKind kind, string message) => new() { Key = order.Key, Failure = new TaskFailure(kind, message) };
}
