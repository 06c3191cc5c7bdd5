using Quorleans.Clerk;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary>Follows a job of the cluster to its end, also when the silo of its coordinator is lost meanwhile.</summary>
internal sealed class JobFollower(IJobs jobs, JobView first, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private volatile JobView _view = first;

    /// <summary>The job as it was seen last.</summary>
    public JobView View => _view;

    /// <summary>Whether a job has ended.</summary>
    public static bool HasEnded(JobView view) => view.Phase is JobPhase.Done or JobPhase.Failed or JobPhase.Cancelled;

    /// <summary>Waits until the job has ended.</summary>
    /// <exception cref="ClientException">Nobody answers for a minute. The job goes on.</exception>
    public async Task<JobView> RunAsync(CancellationToken cancellationToken)
    {
        long heard = time.GetTimestamp();
        while (!HasEnded(_view))
        {
            await Task.Delay(Look, time, cancellationToken);
            try
            {
                _view = await jobs.FindAsync(_view.Spec.Id, cancellationToken)
                    ?? throw new ClientException($"the cluster does not know the job {_view.Spec.Id} any more");
                heard = time.GetTimestamp();
            }
            catch (JobsException e)
            {
                if (time.GetElapsedTime(heard) > Patience)
                    throw new ClientException($"{e.Message} The job {_view.Spec.Id} goes on when the cluster does; see: mr status {_view.Spec.Id}", e);
                _view = _view with { Status = $"waiting for the coordinator: {e.Message}" };
            }
        }

        return _view;
    }
}
