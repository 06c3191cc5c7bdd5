using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Where an attempt runs: in this process, or in a worker's.</summary>
public interface IAttemptHost
{
    /// <summary>Runs an order to its outcome, off the caller's thread. Called for as many orders at a time as there are slots.</summary>
    /// <param name="order">What to do.</param>
    /// <param name="environment">Where, with what, within which bounds.</param>
    /// <param name="progress">Kept up to date while it runs, at least once a second.</param>
    /// <param name="log">Takes what is to be kept of it for people. The caller writes how it began and ended.</param>
    /// <param name="cancellation">Stops it: the outcome is a failure of kind <see cref="TaskFailureKind.Stopped"/> then, and comes soon.</param>
    /// <returns>The outcome. Whatever goes wrong is in it; the task never fails and is never cancelled.</returns>
    Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation);
}
