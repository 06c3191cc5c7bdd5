using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>Runs attempts as a silo does, with faults.</summary>
internal sealed class FaultyHost(string node, IAttemptHost inner, JobFaults faults) : IAttemptHost
{
    public async Task<TaskOutcome> RunAsync(TaskOrder order, AttemptEnvironment environment, TaskProgress progress, AttemptLog log, CancellationToken cancellation)
    {
        string kind = order.Task.Kind.ToString().ToLowerInvariant();
        try
        {
            await faults.PassAsync($"{kind} begins", node, cancellation);
        }
        catch (OperationCanceledException)
        {
            return new TaskOutcome { Key = order.Key, Failure = new TaskFailure(TaskFailureKind.Stopped, "stopped") };
        }

        environment = faults.Environment?.Invoke(node, order, environment) ?? environment;
        TaskOutcome outcome = await inner.RunAsync(order, environment, progress, log, cancellation);
        faults.Ended?.Invoke(outcome);
        await faults.PassAsync($"{kind} ends", node, CancellationToken.None);
        return outcome;
    }
}
