using Quorleans.Clerk;
using Quorleans.Hosting;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Benchmarks.MapReduce;

/// <summary>An embedded cluster of three silos; its jobs are submitted and followed by an Orleans client, as the console does it.</summary>
internal sealed class ClusterJobs : IJobHost, IAsyncDisposable
{
    /// <summary>How late the end of a job is noticed at most, besides the time of the question itself.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private readonly BenchCluster _cluster;

    private ClusterJobs(BenchCluster cluster) => _cluster = cluster;

    public string Name => "cluster of 3";

    /// <summary>Starts the cluster.</summary>
    /// <param name="folder">Where its data lie, and the outputs of map tasks.</param>
    /// <param name="slots">How many tasks run at a time, on all silos together.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ClusterJobs> StartAsync(string folder, int slots, CancellationToken cancellationToken)
    {
        EmbeddedClusterOptions options = new() { MapReduce = new MapReduceOptions { Slots = slots } };
        BenchCluster cluster = await BenchCluster.StartAsync(Directory.CreateDirectory(Path.Combine(folder, "cluster")), options, null, cancellationToken);
        try
        {
            await cluster.SettleAsync(cancellationToken);

            // The coordinator of jobs answers from here on.
            await cluster.Client.Jobs.ListAsync(1, cancellationToken);
            return new ClusterJobs(cluster);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<JobReport> RunAsync(JobSpec spec, CancellationToken cancellationToken)
    {
        IJobs jobs = _cluster.Client.Jobs;
        JobView view = await jobs.SubmitAsync(spec, cancellationToken);
        while (view.Phase is not (JobPhase.Done or JobPhase.Failed or JobPhase.Cancelled))
        {
            await Task.Delay(Look, cancellationToken);
            view = await jobs.FindAsync(spec.Id, cancellationToken) ?? throw new InvalidOperationException($"the cluster does not know job {spec.Id} any more");
        }

        if (view.Phase != JobPhase.Done) throw new InvalidOperationException($"job {spec.Id} ended as {view.Phase}: {view.Error}");
        if (view.Retries > 0 || view.Backups > 0) throw new InvalidOperationException($"job {spec.Id} had {view.Retries} retries and {view.Backups} backups: nothing failed, there must be none. {string.Join(" ", view.Failures)}");
        return JobReport.FromJson(await File.ReadAllBytesAsync(Path.Combine(spec.Output, JobReport.FileName), cancellationToken))[0];
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
