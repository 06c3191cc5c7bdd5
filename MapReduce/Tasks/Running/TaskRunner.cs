using System.Diagnostics;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Runs attempts of tasks on the calling thread, several at a time on several threads. Whatever goes wrong is in the outcome.</summary>
/// <param name="watch">Is told of each record before the mapper sees it, and of each value that a reducer takes; then there must be one attempt at a time.</param>
public sealed class TaskRunner(IRecordWatch? watch = null) : IDisposable
{
    private const int MostMessageChars = 4000;
    private readonly JobCodeCache _codes = new();
    private readonly MapOutputFetcher _fetcher = new();

    /// <summary>Runs an order.</summary>
    /// <param name="order">What to do.</param>
    /// <param name="environment">Where.</param>
    /// <param name="progress">Is kept up to date.</param>
    /// <param name="log">Takes the stack of what went wrong.</param>
    /// <param name="cancellation">Stops it.</param>
    public TaskOutcome Run(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(log);
        long start = Stopwatch.GetTimestamp();
        TaskOutcome outcome;
        try
        {
            outcome = Work(order, environment, progress, cancellation);
        }
#pragma warning disable CA1031 // Whatever it is, it must be said; and one attempt must not take others down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            TaskFailure failure = FailureOf(order, e, cancellation);
            if (failure.Kind != TaskFailureKind.Stopped) log.Write(e.ToString());
            outcome = new TaskOutcome { Key = order.Key, Failure = failure };
        }

        return outcome with { Milliseconds = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds };
    }

    /// <inheritdoc/>
    public void Dispose() => _fetcher.Dispose();

    private TaskOutcome Work(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        JobCode code = _codes.Get(order.Spec, environment.Allowed);
        return order switch
        {
            { Plan: { } plan } => PlanTask.Run(order, plan, code, environment, cancellation),
            { Map: { } map } => MapTask.Run(order, map, code, environment, progress, watch, cancellation),
            { Reduce: { } reduce } => ReduceTask.Run(order, reduce, code, environment, progress, _fetcher, watch, cancellation),
            _ => throw new ArgumentException($"the order for {order.Key} says nothing to do", nameof(order)),
        };
    }

    private static TaskFailure FailureOf(TaskOrder order, Exception e, CancellationToken cancellation) => e switch
    {
        OperationCanceledException when cancellation.IsCancellationRequested => new(TaskFailureKind.Stopped, "stopped"),
        MapOutputsLostException lost => new(TaskFailureKind.MapOutputLost, Short(lost.Message), LostMaps: lost.Lost),
        ApplicationLoadException or JobArgumentException => new(TaskFailureKind.Job, Short(e.Message)),
        // The same input is as long, and the same path as forbidden, for every other attempt.
        MapReduceException { Failure: JobFailure.TooLong } => new(TaskFailureKind.Job, Short(e.Message)),
        MapReduceException { Failure: JobFailure.Input or JobFailure.Output or JobFailure.UserCode } when order.Task.Kind == TaskKind.Plan => new(TaskFailureKind.Job, Short(e.Message)),
        MapReduceException => new(TaskFailureKind.Attempt, Short(e.Message)),
        _ => new(TaskFailureKind.Attempt, Short($"{order.Task} failed: {e.GetType().Name}: {e.Message}")),
    };

    private static string Short(string message) => message.Length <= MostMessageChars ? message : message[..MostMessageChars] + "…";
}
