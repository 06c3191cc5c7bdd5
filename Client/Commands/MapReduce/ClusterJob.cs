using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary>Runs a job on the cluster, and shows it.</summary>
internal sealed class ClusterJob(ClientContext context, IJobs jobs)
{
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(15);

    /// <summary>Shows a job until it has ended.</summary>
    /// <param name="first">The job as it is.</param>
    /// <param name="cancels">Whether an interrupt cancels the job; otherwise it only ends the waiting.</param>
    /// <param name="json">Whether results are JSON.</param>
    /// <param name="interrupt">The user's interrupt.</param>
    /// <returns>The exit status.</returns>
    public async Task<int> FollowAsync(JobView first, bool cancels, bool json, CancellationToken interrupt)
    {
        JobFollower follower = new(jobs, first, context.Time);
        try
        {
            Task<JobView> run = follower.RunAsync(interrupt);
            await new JobDisplay(context.Output, () => JobFigures.Of(follower.View), context.Time).ShowUntilAsync(run, json);
            return Tell(await run, json);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            string job = first.Spec.Id;
            if (!cancels) throw new ClientException($"interrupted: the job {job} goes on; see: mr status {job} --watch") { ExitCode = ExitCode.Interrupted };
            JobView ended = await CancelAsync(job);
            return ended.Phase == JobPhase.Cancelled
                ? throw new ClientException($"interrupted: the job {job} is cancelled, nothing was published, no temporary file is left") { ExitCode = ExitCode.Interrupted }
                : Tell(ended, json);
        }
    }

    /// <summary>Says how a job ended.</summary>
    /// <returns>The exit status.</returns>
    public int Tell(JobView view, bool json)
    {
        switch (view.Phase)
        {
            case JobPhase.Failed: throw new ClientException(view.Error ?? "the job failed");
            case JobPhase.Cancelled: throw new ClientException($"the job {view.Spec.Id} was cancelled; nothing was published");
            default:
                JobReports.Write(context.Output, view.Spec.Output, ReadReports(view), json);
                return ExitCode.Ok;
        }
    }

    private async Task<JobView> CancelAsync(string job)
    {
        using CancellationTokenSource limit = new(CancelPatience, context.Time);
        try
        {
            return await jobs.CancelAsync(job, limit.Token);
        }
        catch (Exception e) when (e is JobsException or OperationCanceledException)
        {
            throw new ClientException($"interrupted, but the job {job} could not be cancelled ({e.Message.TrimEnd('.')}); try: mr cancel {job}", e) { ExitCode = ExitCode.Interrupted };
        }
    }

    // The report lies in the output, which is on a file system that this machine may or may not share.
    private static IReadOnlyList<JobReport> ReadReports(JobView view)
    {
        try
        {
            return JobReport.FromJson(File.ReadAllBytes(Path.Combine(view.Spec.Output, JobReport.FileName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }
}
