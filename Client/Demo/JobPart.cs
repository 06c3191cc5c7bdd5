using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Client.Commands;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Demo;

/// <summary>The part of the demonstration with a MapReduce job: a silo is lost in the middle of it, and the result is right all the same.</summary>
internal sealed class JobPart(IDemoCluster cluster, IJobs jobs, Narrator narrator, TimeProvider time, string directory, string? repository)
{
    private const int Reducers = 4;
    private const int Files = 16;
    private const int FileBytes = 4 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private string Texts => Path.Combine(directory, "texts");

    private string Output => Path.Combine(directory, "words");

    /// <summary>Counts words, loses a silo meanwhile, and compares.</summary>
    /// <returns>Whether the result is the one that a run without a cluster has.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        narrator.Step("Count words, and lose a silo in the middle");
        string source = DemoTexts.Write(repository, Texts, Files, FileBytes);
        JobView job = await jobs.SubmitAsync(
            new JobSpec { Id = JobIds.Create(time), Application = "wordcount", Inputs = [Texts], Output = Output, Reducers = Reducers, SubmittedMs = time.GetUtcNow().ToUnixTimeMilliseconds() },
            cancellationToken);
        narrator.Command("mr run --app wordcount", $"job {job.Spec.Id}, on {Files} files of 4 MB, {source}");
        string victim = cluster.Nodes[^1];
        job = await WaitForMapsAsync(job, cancellationToken);
        bool isUnderWay = !JobFollower.HasEnded(job);
        if (isUnderWay)
        {
            narrator.Say(string.Create(CultureInfo.InvariantCulture, $"{job.MapsDone} of {job.Maps} map tasks are done. {victim} is now stopped abruptly, with what it maps and has mapped."));
            await cluster.StopNodeAsync(victim, cancellationToken);
        }

        job = await new JobFollower(jobs, job, time).RunAsync(cancellationToken);
        if (isUnderWay) await cluster.StartNodeAsync(victim, cancellationToken);
        if (job.Phase != JobPhase.Done) throw new ClientException($"the job ended as {job.Phase}: {job.Error}");
        narrator.Say(string.Create(CultureInfo.InvariantCulture,
            $"Done after {job.Milliseconds / 1e3:F1} s: {job.Attempts} attempts for {job.Maps + job.Reduces + 1} tasks, {job.Retries} of them lost and made up for. The output appeared by one rename."));
        return Compare(cancellationToken);
    }

    private async Task<JobView> WaitForMapsAsync(JobView job, CancellationToken cancellationToken)
    {
        while (!JobFollower.HasEnded(job) && job.MapsDone == 0)
        {
            await Task.Delay(Look, time, cancellationToken);
            job = await jobs.FindAsync(job.Spec.Id, cancellationToken) ?? job;
        }

        return job;
    }

    private bool Compare(CancellationToken cancellationToken)
    {
        string here = Path.Combine(directory, "words-here");
        new LocalRunner(new JobProgress()).Run(
            new JobRequest { Jobs = new WordCount().Define(new JobArguments()), Inputs = InputFiles.Expand([Texts]), Output = here, Reducers = Reducers, Durable = false }, cancellationToken);
        bool isSame = Directory.EnumerateFiles(here, "mr-out-*").All(file => File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Output, Path.GetFileName(file)))));
        int words = Directory.EnumerateFiles(here, "mr-out-*").Sum(static file => File.ReadLines(file).Count());
        if (isSame) narrator.Succeed(string.Create(CultureInfo.InvariantCulture, $"Its {words} words are, byte for byte, those of a run in this process alone."));
        else narrator.Fail("Its result differs from that of a run in this process alone.");
        return isSame;
    }
}
