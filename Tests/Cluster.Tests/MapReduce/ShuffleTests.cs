using System.Diagnostics;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.Hosting;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>Jobs on three silos that pretend to be on machines of their own: map outputs go over the network.</summary>
public sealed class ShuffleTests(ITestOutputHelper output)
{
    // A slot for each silo, so that each has map outputs that others need.
    private static readonly MapReduceOptions Apart = new() { MachineOf = static node => $"machine of {node}", Slots = 3 };

    [Theory]
    [InlineData("wordcount", "")]
    [InlineData("index", "")]
    [InlineData("grep", "pattern=abc")]
    [InlineData("sort", "")]
    public async Task EveryApplication_MakesTheSameBytesAsInOneProcess(string application, string argument)
    {
        using JobFolders folders = new(files: 4, bytesEach: 100_000);
        await using RunningCluster running = await RunningCluster.StartAsync(static options => options with { MapReduce = Apart });
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        KeyValuePair<string, string>[] arguments = argument.Length == 0 ? [] : [KeyValuePair.Create(argument.Split('=')[0], argument.Split('=')[1])];
        JobSpec spec = folders.Spec("out", splitBytes: 30_000) with { Application = application, Arguments = arguments, MemoryBytes = 1 << 20 };
        await jobs.SubmitAsync(spec);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        output.WriteLine($"{view.Maps} maps, {view.Milliseconds} ms, {view.Attempts} attempts");
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        JobFolders.AssertSame(folders.RunLocally(application, arguments), spec.Output);
        await folders.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(JobPhase.Mapping)]
    [InlineData(JobPhase.Reducing)]
    public async Task SiloThatIsKilled_LosesItsMapOutputs_AndTheJobGoesOn(JobPhase phase)
    {
        using JobFolders folders = new(files: 8, bytesEach: 1_000_000);
        await using RunningCluster running = await RunningCluster.StartAsync(static options => options with { MapReduce = Apart });
        OrleansClerk clerk = await running.ConnectAsync();
        IJobs jobs = running.Jobs(clerk);
        JobSpec spec = folders.Spec("out", splitBytes: 16_384) with { Reducers = 3 };
        await jobs.SubmitAsync(spec);
        string coordinator = (await running.CoordinatorAsync(clerk)).Node;
        string victim = running.Cluster.Nodes.Select(static node => node.Node).First(node => node != coordinator);
        await Eventually.Holds($"the job is {phase}", async () => await jobs.FindAsync(spec.Id) is { } now && (phase == JobPhase.Mapping ? now.MapsDone > 50 : now.Phase >= phase));
        await running.Cluster.StopNodeAsync(victim, abrupt: true);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        output.WriteLine($"{victim} was killed, {coordinator} coordinates: {view.Maps} maps, {view.Milliseconds} ms, {view.Attempts} attempts, {view.Retries} again");
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        JobFolders.AssertSame(folders.RunLocally(), spec.Output);
        await folders.NothingIsLeftAsync();
    }

    [Fact]
    public async Task TrackersForget_WhatAJobLeft()
    {
        using JobFolders folders = new(files: 2, bytesEach: 50_000);
        await using RunningCluster running = await RunningCluster.StartAsync(static options => options with { MapReduce = Apart });
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        JobSpec spec = folders.Spec("out", splitBytes: 10_000);
        await jobs.SubmitAsync(spec);
        await JobFolders.EndAsync(jobs, spec.Id);
        await Eventually.Holds("nothing of the job is in the trackers' folders", () => running.Cluster.Nodes.All(node =>
            Directory.EnumerateDirectories(Path.Combine(node.DataDirectory, "mr", "work")).All(static start => !Directory.EnumerateFileSystemEntries(start).Any())));
    }

    [Fact]
    public async Task KeysOfTheStore_CanBeCounted()
    {
        using JobFolders folders = new(files: 1, bytesEach: 100);
        await using RunningCluster running = await RunningCluster.StartAsync();
        OrleansClerk clerk = await running.ConnectAsync();
        for (int i = 0; i < 20; i++) await clerk.PutAsync($"text/{i}", i % 2 == 0 ? "even words" : "odd words");
        IJobs jobs = running.Jobs(clerk);
        JobSpec spec = folders.Spec("out") with { Inputs = ["kv:text/"], Reducers = 1 };
        await jobs.SubmitAsync(spec);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        Assert.Equal(["even 10", "odd 10", "text 20", "words 20"], await File.ReadAllLinesAsync(Path.Combine(spec.Output, "mr-out-0")));
    }

    [Fact]
    public async Task ManyEmptyTasks_CostLittle()
    {
        using JobFolders folders = new(files: 1, bytesEach: 100);
        string input = Path.Combine(folders.Root, "many");
        Directory.CreateDirectory(input);
        for (int i = 0; i < 1000; i++) await File.WriteAllTextAsync(Path.Combine(input, $"{i:D4}"), new string('.', 1000));
        await using RunningCluster running = await RunningCluster.StartAsync();
        IJobs jobs = running.Jobs(await running.ConnectAsync());
        JobSpec spec = folders.Spec("out", splitBytes: 1024) with { Inputs = [input] };
        long start = Stopwatch.GetTimestamp();
        await jobs.SubmitAsync(spec);
        JobView view = await JobFolders.EndAsync(jobs, spec.Id);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        output.WriteLine($"{view.Maps} empty map tasks in {took.TotalSeconds:F2} s");
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        Assert.Equal(1000, view.Maps);
        Assert.True(took < TimeSpan.FromSeconds(60), $"1,000 empty map tasks took {took}");
    }
}
