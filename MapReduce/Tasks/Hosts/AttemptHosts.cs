using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Applications that are built in run in one place, users' assemblies in another.</summary>
/// <param name="builtIn">For what comes with the program.</param>
/// <param name="users">For what users bring; null: they are refused.</param>
public sealed class AttemptHosts(IAttemptHost builtIn, IAttemptHost? users) : IAttemptHost
{
    /// <inheritdoc/>
    public Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (users is null && !ApplicationLoader.IsBuiltIn(order.Spec.Application))
        {
            TaskFailure failure = new(TaskFailureKind.Job, $"this cluster runs no assemblies of users, such as {order.Spec.Application}; run it with --local");
            return Task.FromResult(new TaskOutcome { Key = order.Key, Failure = failure });
        }

        return (ApplicationLoader.IsBuiltIn(order.Spec.Application) ? builtIn : users!).RunAsync(order, environment, progress, log, cancellation);
    }
}
