using Quorleans.MapReduce.Jobs;

namespace Quorleans.Clerk;

/// <summary>MapReduce jobs of the cluster. Every method throws <see cref="JobsException"/> when the coordinator refuses or does not answer.</summary>
public interface IJobs
{
    /// <summary>Begins a job. When it returns, the job is in the store and goes on whatever happens to the caller, or to the silo that took it.</summary>
    /// <param name="spec">What to do; its id is the caller's to choose, so that submitting it again after a time-out is harmless (<see cref="JobIds"/>).</param>
    /// <param name="cancellationToken">Ends the waiting, not the job.</param>
    Task<JobView> SubmitAsync(JobSpec spec, CancellationToken cancellationToken = default);

    /// <summary>A job as it stands, or null when there is none of that id.</summary>
    Task<JobView?> FindAsync(string job, CancellationToken cancellationToken = default);

    /// <summary>The newest jobs, those that run and those that ended.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<IReadOnlyList<JobView>> ListAsync(int most, CancellationToken cancellationToken = default);

    /// <summary>Cancels a job, and waits until it is certain that it publishes nothing, or has published already.</summary>
    /// <returns>The job: cancelled, or ended otherwise before.</returns>
    Task<JobView> CancelAsync(string job, CancellationToken cancellationToken = default);

    /// <summary>What the attempts of a job's tasks said: their output, their errors, how they ended; as text, oldest first.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="task">One task, such as <c>map-3</c>; null: all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<string> ReadLogAsync(string job, string? task, CancellationToken cancellationToken = default);
}
