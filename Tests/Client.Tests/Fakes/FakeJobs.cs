using Quorleans.Clerk;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Tests.Fakes;

/// <summary>A coordinator that shows each job the phases that a test gives it, one a look.</summary>
internal sealed class FakeJobs : IJobs
{
    private readonly Dictionary<string, JobView> _jobs = new(StringComparer.Ordinal);

    /// <summary>What the looks at a job show, one after the other; the last one stays.</summary>
    public Queue<Func<JobView, JobView>> Looks { get; } = new();

    /// <summary>What the next calls fail with.</summary>
    public Queue<JobsException> Failures { get; } = new();

    public List<JobSpec> Submitted { get; } = [];

    public List<string> Cancelled { get; } = [];

    public string Log { get; set; } = "";

    /// <summary>Whether a look at a job that is done makes its output, by the engine.</summary>
    public bool MakesOutput { get; set; }

    /// <summary>What a cancel finds.</summary>
    public JobPhase AfterCancel { get; set; } = JobPhase.Cancelled;

    public void Add(JobView job) => _jobs[job.Spec.Id] = job;

    public Task<JobView> SubmitAsync(JobSpec spec, CancellationToken cancellationToken = default)
    {
        Submitted.Add(spec);
        return Failures.TryDequeue(out JobsException? failure) ? Task.FromException<JobView>(failure) : Task.FromResult(_jobs[spec.Id] = new JobView { Spec = spec, Phase = JobPhase.Waiting });
    }

    public Task<JobView?> FindAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Failures.TryDequeue(out JobsException? failure)) return Task.FromException<JobView?>(failure);
        if (!_jobs.TryGetValue(job, out JobView? view)) return Task.FromResult<JobView?>(null);
        if (Looks.TryDequeue(out Func<JobView, JobView>? look)) _jobs[job] = view = look(view);
        if (MakesOutput && view.Phase == JobPhase.Done && !Directory.Exists(view.Spec.Output)) Make(view.Spec);
        return Task.FromResult<JobView?>(view);
    }

    public Task<IReadOnlyList<JobView>> ListAsync(int most, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<JobView>>([.. _jobs.Values.Take(most)]);

    public Task<JobView> CancelAsync(string job, CancellationToken cancellationToken = default)
    {
        Cancelled.Add(job);
        return Task.FromResult(_jobs[job] = _jobs[job] with { Phase = AfterCancel });
    }

    public Task<string> ReadLogAsync(string job, string? task, CancellationToken cancellationToken = default) => Task.FromResult(task is null ? Log : $"{task}: {Log}");

    private static void Make(JobSpec spec) => new LocalRunner(new JobProgress()).Run(
        new JobRequest
        {
            Jobs = BuiltInApplications.Find(spec.Application)!.Define(new JobArguments(spec.Arguments)), Inputs = InputFiles.Expand(spec.Inputs), Output = spec.Output, Reducers = spec.Reducers,
        },
        CancellationToken.None);
}
