using System.Text;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Clerk;

/// <summary>Reaches the coordinator of jobs through its grain. Every request may be sent again, so what a failing silo loses is asked for anew.</summary>
/// <param name="grains">A connected Orleans client, or a silo's grain factory.</param>
/// <param name="time">The clock, for pauses.</param>
/// <param name="gateways">Connections to single nodes, if the client has some: other ways when one is silent.</param>
public sealed class JobsClient(IGrainFactory grains, TimeProvider time, INodeGateways? gateways = null) : IJobs
{
    private readonly HedgedCalls _calls = new(grains, gateways, time);

    /// <summary>A coordinator that was lost with its silo is back in a few seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), CallPatience = TimeSpan.FromSeconds(12), Pause = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public async Task<JobView> SubmitAsync(JobSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (JobRules.Problem(spec) is { } problem) throw new JobsException(problem);
        JobFrame frame = new(JobCodec.Encode(spec));
        return One(await AskAsync(coordinator => coordinator.Submit(frame), cancellationToken).ConfigureAwait(false), spec.Id);
    }

    /// <inheritdoc/>
    public async Task<JobView?> FindAsync(string job, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(job);
        return (await AskAsync(coordinator => coordinator.Find(job), cancellationToken).ConfigureAwait(false)).Jobs is [var view, ..] ? view : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobView>> ListAsync(int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        return (await AskAsync(coordinator => coordinator.List(most), cancellationToken).ConfigureAwait(false)).Jobs;
    }

    /// <inheritdoc/>
    public async Task<JobView> CancelAsync(string job, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(job);
        return One(await AskAsync(coordinator => coordinator.Cancel(job), cancellationToken).ConfigureAwait(false), job);
    }

    /// <inheritdoc/>
    public async Task<string> ReadLogAsync(string job, string? task, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(job);
        JobAnswer answer = await AskAsync(coordinator => coordinator.ReadLog(job, task), cancellationToken).ConfigureAwait(false);
        StringBuilder text = new();
        foreach (AttemptTranscript log in answer.Logs)
        {
            text.Append("== ").Append(log.Key.Task).Append('/').Append(log.Key.Attempt).Append(" on ").AppendLine(log.Tracker).Append(log.Text);
            if (!log.Text.EndsWith('\n')) text.AppendLine();
        }

        return text.ToString();
    }

    private async Task<JobAnswer> AskAsync(Func<IJobCoordinatorGrain, Task<JobFrame>> call, CancellationToken cancellationToken)
    {
        long since = time.GetTimestamp();
        while (true)
        {
            string trouble;
            Exception? cause = null;
            try
            {
                JobFrame frame = await _calls.CallAsync(
                    node: null, way => call(way.GetGrain<IJobCoordinatorGrain>(IJobCoordinatorGrain.Key)), HedgedCalls.ChangeSilence, CallPatience, cancellationToken).ConfigureAwait(false);
                JobAnswer answer = JobCodec.Decode<JobAnswer>(frame.Bytes);
                if (!answer.Again) return answer.Error is { } error ? throw new JobsException(error) : answer;
                trouble = answer.Error ?? "it is not ready";
            }
            catch (Exception e) when (e is not (JobsException or OutOfMemoryException) && !cancellationToken.IsCancellationRequested)
            {
                (trouble, cause) = (e.Message, e);
            }

            if (time.GetElapsedTime(since) >= Patience)
                throw new JobsException($"The coordinator of jobs does not answer: {trouble} Bring a majority of the nodes up, and ask again; a job that was taken goes on.", cause);
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static JobView One(JobAnswer answer, string job) => answer.Jobs is [var view, ..] ? view : throw new JobsException($"The coordinator of jobs did not say how job {job} stands.");
}
