using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Client.Commands;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Chaos;

/// <summary>Runs small word counts, one after the other; each output must be that of a sequential program.</summary>
/// <param name="jobs">The cluster's jobs.</param>
/// <param name="log">Is told of what is wrong.</param>
/// <param name="folder">For texts and outputs.</param>
/// <param name="seed">Of the texts.</param>
internal sealed class Jobs(IJobs jobs, Log log, string folder, int seed)
{
    private const int Files = 6;
    private const int FileBytes = 48 * 1024;
    private const int Reducers = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private string _expected = "";

    private string Texts => Path.Combine(folder, "texts");

    /// <summary>Writes the texts.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(Texts);
        for (int i = 0; i < Files; i++) File.WriteAllBytes(Path.Combine(Texts, string.Create(CultureInfo.InvariantCulture, $"text-{i}.txt")), Corpus.Text(seed + i, FileBytes));
        _expected = Corpus.SequentialWordCount(Directory.EnumerateFiles(Texts), Reducers);
    }

    /// <summary>Runs one job to its end, whatever happens meanwhile.</summary>
    /// <param name="isExcused">Whether something was done to the cluster that a job may fail of: a full disk.</param>
    /// <param name="stop">Lets the job go on without being looked at; it is removed with the cluster.</param>
    public async Task RunAsync(Func<bool> isExcused, CancellationToken stop)
    {
        string output = Path.Combine(folder, "out-" + Guid.NewGuid().ToString("N"));
        JobSpec spec = new()
        {
            Id = JobIds.Create(TimeProvider.System), Application = "wordcount", Inputs = [Texts], Output = output, Reducers = Reducers, SplitBytes = FileBytes,
            MemoryBytes = 8 << 20, SubmittedMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        JobView? job = null;
        bool hasEnded = await Poll.UntilAsync(async () =>
        {
            if (stop.IsCancellationRequested) return true;
            try
            {
                // Submitting it again is harmless: the id is ours.
                job = job is null ? await jobs.SubmitAsync(spec, CancellationToken.None) : await jobs.FindAsync(spec.Id, CancellationToken.None) ?? throw new JobsException($"nobody knows the job {spec.Id}");
            }
            catch (Exception e) when (e is JobsException or TimeoutException or Orleans.Runtime.OrleansException)
            {
                // Nobody coordinates just now, or the answer was lost.
            }

            return job is not null && JobFollower.HasEnded(job);
        }, Look, Patience, CancellationToken.None);
        if (stop.IsCancellationRequested) return;
        if (!hasEnded || job is null)
        {
            log.Violate($"job {spec.Id} has not ended within {Patience.TotalMinutes} minutes: {job?.Status ?? "it could not be submitted"}");
            return;
        }

        Judge(spec, job, output, isExcused());
        if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
    }

    private void Judge(JobSpec spec, JobView job, string output, bool isExcused)
    {
        if (job.Phase != JobPhase.Done)
        {
            log.Count("jobs that failed");
            if (isExcused) log.Say($"job {spec.Id} failed, after a disk was full: {job.Error}");
            else log.Violate($"job {spec.Id} ended as {job.Phase}: {job.Error}");
            if (Directory.Exists(output)) log.Violate($"job {spec.Id} ended as {job.Phase}, and there is an output of it");
            return;
        }

        string found = string.Concat(Enumerable.Range(0, Reducers).Select(i => File.ReadAllText(Path.Combine(output, string.Create(CultureInfo.InvariantCulture, $"mr-out-{i}")))));
        if (found != _expected) log.Violate($"job {spec.Id} has another output than a sequential program: {output}");
        log.Count("jobs done");
        log.Say($"job {spec.Id} done: {job.Attempts} attempts, {job.Retries} made up for");
    }
}
