using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tracking;

/// <summary>An attempt that ends when the test says so, or when it is told to stop.</summary>
internal sealed class HostedAttempt
{
    private readonly TaskCompletionSource<TaskOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HostedAttempt(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken stop)
    {
        (Order, Environment, Progress, Log, Stop) = (order, environment, progress, log, stop);
        stop.Register(() =>
        {
            if (!IsDeaf) _outcome.TrySetResult(new TaskOutcome { Key = order.Key, Failure = new TaskFailure(TaskFailureKind.Stopped, "stopped") });
        });
    }

    public TaskOrder Order { get; }

    public AttemptEnvironment Environment { get; }

    public TaskProgress Progress { get; }

    public AttemptLog Log { get; }

    public CancellationToken Stop { get; }

    /// <summary>Does not notice that it is to stop.</summary>
    public bool IsDeaf { get; set; }

    public Task<TaskOutcome> Outcome => _outcome.Task;

    public void End() => _outcome.TrySetResult(new TaskOutcome { Key = Order.Key, Map = new MapOutcome(Path.Combine(Environment.Folder, "index"), 1, 2, 3, 4, 0, []) });

    public void Fail(string message) => _outcome.TrySetResult(new TaskOutcome { Key = Order.Key, Failure = new TaskFailure(TaskFailureKind.Attempt, message) });
}
