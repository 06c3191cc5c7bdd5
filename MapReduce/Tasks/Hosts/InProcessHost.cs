using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Runs attempts on threads of this process: for applications that are built in, whose code is known to behave.</summary>
/// <param name="runner">Runs them.</param>
public sealed class InProcessHost(TaskRunner runner) : IAttemptHost
{
    /// <inheritdoc/>
    public Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        TaskCompletionSource<TaskOutcome> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            Posix.LowerPriority();
            ended.SetResult(runner.Run(order, environment, progress, log, cancellation));
        })
        {
            IsBackground = true,
            Name = $"mapreduce {order?.Task}",
        };
        thread.Start();
        return ended.Task;
    }
}
