using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Applications that are built in run in one place, users' assemblies in another.</summary>
/// <param name="builtIn">For what comes with the program.</param>
/// <param name="users">Finds the place for what users bring, when the first is needed; null: they are refused.</param>
public sealed class AttemptHosts(IAttemptHost builtIn, Func<IAttemptHost>? users) : IAttemptHost
{
    private readonly Lazy<IAttemptHost>? _users = users is null ? null : new Lazy<IAttemptHost>(users);

    /// <inheritdoc/>
    public Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (ApplicationLoader.IsBuiltIn(order.Spec.Application)) return builtIn.RunAsync(order, environment, progress, log, cancellation);
        if (_users is not null) return _users.Value.RunAsync(order, environment, progress, log, cancellation);
        TaskFailure failure = new(TaskFailureKind.Job, $"this cluster runs no assemblies of users, such as {order.Spec.Application}; run it with --local");
        return Task.FromResult(new TaskOutcome { Key = order.Key, Failure = failure });
    }
}
