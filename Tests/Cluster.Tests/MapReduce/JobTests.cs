using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.GrainInterfaces;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>Jobs on an embedded cluster of three silos.</summary>
public sealed class JobTests(ITestOutputHelper output)
{
    [Fact]
    public async Task WordCount_MakesTheSameBytesAsInOneProcess()
    {
        using JobFolders folders = new(files: 5, bytesEach: 200_000);
        await using RunningCluster running = await RunningCluster.StartAsync();
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        JobSpec spec = folders.Spec("out", splitBytes: 100_000);
        JobView taken = await jobs.SubmitAsync(spec, TestContext.Current.CancellationToken);
        Assert.Equal(spec.Id, taken.Spec.Id);

        // A client that got no answer submits again.
        Assert.Equal(spec.Id, (await jobs.SubmitAsync(spec with { SubmittedMs = 1 }, TestContext.Current.CancellationToken)).Spec.Id);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        output.WriteLine($"{view.Maps} maps, {view.Milliseconds} ms, {view.Attempts} attempts");
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        Assert.Equal(1 + view.Maps + view.Reduces, view.Attempts);
        JobFolders.AssertSame(folders.RunLocally(), spec.Output);
        await folders.NothingIsLeftAsync();
        Assert.Equal(spec.Id, Assert.Single(await jobs.ListAsync(10, TestContext.Current.CancellationToken)).Spec.Id);
        Assert.Contains("map-0", await jobs.ReadLogAsync(spec.Id, "map-0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JobGoesOn_WhenTheCoordinatorsNodeIsKilled()
    {
        using JobFolders folders = new(files: 8, bytesEach: 1_000_000);
        await using RunningCluster running = await RunningCluster.StartAsync();
        OrleansClerk clerk = await running.ConnectAsync();
        IJobs jobs = running.Jobs(clerk);
        JobSpec spec = folders.Spec("out", splitBytes: 16_384);
        await jobs.SubmitAsync(spec, TestContext.Current.CancellationToken);
        await Eventually.Holds("maps are done", async () => (await jobs.FindAsync(spec.Id)) is { MapsDone: > 20 });
        string node = (await running.CoordinatorAsync(clerk)).Node;
        await running.Cluster.StopNodeAsync(node, abrupt: true, TestContext.Current.CancellationToken);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        JobCoordinatorStatus status = await running.CoordinatorAsync(clerk);
        output.WriteLine($"{node} was killed, {status.Node} took over: {view.Maps} maps, {view.Milliseconds} ms, {view.Attempts} attempts, generation {view.Generation}");
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        Assert.True(view.Generation > 1, "the job was over before its coordinator was lost");
        JobFolders.AssertSame(folders.RunLocally(), spec.Output);
        await folders.NothingIsLeftAsync();
    }

    [Fact]
    public async Task CancelledJob_PublishesNothing()
    {
        using JobFolders folders = new(files: 8, bytesEach: 1_000_000);
        await using RunningCluster running = await RunningCluster.StartAsync();
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        JobSpec spec = folders.Spec("out", splitBytes: 16_384);
        await jobs.SubmitAsync(spec, TestContext.Current.CancellationToken);
        await Eventually.Holds("maps are done", async () => (await jobs.FindAsync(spec.Id)) is { MapsDone: > 5 });
        JobView view = await jobs.CancelAsync(spec.Id, TestContext.Current.CancellationToken);
        Assert.Equal(JobPhase.Cancelled, view.Phase);
        Assert.Equal(JobPhase.Cancelled, (await jobs.CancelAsync(spec.Id, TestContext.Current.CancellationToken)).Phase);
        await folders.NothingIsLeftAsync();
        Assert.False(Directory.Exists(spec.Output));
    }

    [Fact]
    public async Task NonsenseIsRefused_AndNamesItsSubject()
    {
        using JobFolders folders = new(files: 1, bytesEach: 1000);
        await using RunningCluster running = await RunningCluster.StartAsync();
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        JobSpec good = folders.Spec("out");
        Directory.CreateDirectory(Path.Combine(folders.Root, "there"));
        await RefusedAsync("not a full path", jobs, good with { Output = "out" });
        await RefusedAsync("has no input", jobs, good with { Inputs = [] });
        await RefusedAsync("number of reducers is 0", jobs, good with { Reducers = 0 });
        await RefusedAsync("does not exist", jobs, good with { Output = Path.Combine(folders.Root, "no", "out") });
        await RefusedAsync("exists; remove it", jobs, good with { Output = Path.Combine(folders.Root, "there") });
        await RefusedAsync("letters, digits and dashes", jobs, good with { Id = "a/b" });
        await RefusedAsync("There is no job nobody", () => jobs.CancelAsync("nobody"));
        Assert.Null(await jobs.FindAsync("nobody", TestContext.Current.CancellationToken));

        await RefusedAsync("no application 'nonsense'", jobs, good with { Application = "nonsense" });

        // What only the application knows, the job says when it fails.
        JobSpec unknown = good with { Arguments = [new("nonsense", "1")] };
        await jobs.SubmitAsync(unknown, TestContext.Current.CancellationToken);
        JobView view = await JobFolders.EndAsync(jobs, unknown.Id);
        Assert.Equal(JobPhase.Failed, view.Phase);
        Assert.Contains("no argument nonsense", view.Error, StringComparison.Ordinal);
        await folders.NothingIsLeftAsync();
    }

    private static Task RefusedAsync(string message, IJobs jobs, JobSpec spec) => RefusedAsync(message, () => jobs.SubmitAsync(spec));

    private static async Task RefusedAsync(string message, Func<Task<JobView>> call) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<JobsException>(call)).Message, StringComparison.Ordinal);
}
