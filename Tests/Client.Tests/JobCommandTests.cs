using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Tests;

public sealed class JobCommandTests : IDisposable
{
    private const string Id = "20261125-221530-7f3a9c01";
    private readonly ClientHarness _client = new();

    private FakeJobs Jobs => _client.Cluster.JobsOfIt;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Submit_SendsFullPaths_AndPrintsTheId()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("mr", "submit", "--app", "grep", "--arg", "pattern=x", "--input", "a/*.txt", "kv:doc/", "--output", "out/", "--reducers", "3", "--memory", "64"));
        JobSpec spec = Assert.Single(Jobs.Submitted);
        Assert.Equal($"{spec.Id}\n", _client.Out);
        Assert.Equal([Path.GetFullPath("a/*.txt"), "kv:doc/"], spec.Inputs);
        Assert.Equal(Path.GetFullPath("out"), spec.Output);
        Assert.Equal((3, 64L << 20, "pattern", "x"), (spec.Reducers, spec.MemoryBytes, spec.Arguments[0].Key, spec.Arguments[0].Value));
    }

    [Theory]
    [InlineData("--app nope", "there is no application 'nope'")]
    [InlineData("--app grep", "needs the argument pattern")]
    [InlineData("--app sort --arg recrd=100", "knows no argument recrd")]
    public async Task WrongUsage_Ends2_BeforeAnythingIsSent(string options, string message)
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync(["mr", "run", "--input", "x", "--output", "out", .. options.Split(' ')]));
        Assert.Contains(message, _client.Error, StringComparison.Ordinal);
        Assert.Empty(Jobs.Submitted);
    }

    [Fact]
    public async Task InputOfTheStore_NeedsTheCluster()
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync("mr", "run", "--local", "--app", "wordcount", "--input", "kv:a", "--output", "out"));
        Assert.Contains("without --local", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FollowsTheJobToItsEnd_OverALostCoordinator()
    {
        Jobs.Looks.Enqueue(static job => job with { Phase = JobPhase.Mapping });
        Jobs.Looks.Enqueue(job =>
        {
            Jobs.Failures.Enqueue(new JobsException("the coordinator does not answer"));
            return job with { Phase = JobPhase.Reducing };
        });
        Jobs.Looks.Enqueue(static job => job with { Phase = JobPhase.Done });
        Assert.Equal(ExitCode.Ok, await RunAsync());
        Assert.Equal($"output: {Path.GetFullPath("out")}\n", _client.Out);
        Assert.Empty(Jobs.Looks);
    }

    [Theory]
    [InlineData(JobPhase.Failed, "map-3 failed 4 times: the record at byte 7")]
    [InlineData(JobPhase.Cancelled, "was cancelled; nothing was published")]
    public async Task Run_Ends1_WhenTheJobEndsOtherwise(JobPhase phase, string message)
    {
        Jobs.Looks.Enqueue(job => job with { Phase = phase, Error = phase == JobPhase.Failed ? message : null });
        Assert.Equal(ExitCode.Error, await RunAsync());
        Assert.Contains(message, _client.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(JobPhase.Cancelled, ExitCode.Interrupted)]
    [InlineData(JobPhase.Done, ExitCode.Ok)]
    public async Task Interrupt_CancelsTheJob_UnlessItHasPublished(JobPhase found, int status)
    {
        Jobs.AfterCancel = found;
        using Interrupts interrupts = Interrupts.None();
        Jobs.Looks.Enqueue(job =>
        {
            interrupts.Interrupt();
            return job;
        });
        Assert.Equal(status, await _client.Application.RunCommandAsync(["mr", "run", "--app", "wordcount", "--input", "x", "--output", "out"], interrupts));
        Assert.Equal(Jobs.Submitted[0].Id, Assert.Single(Jobs.Cancelled));
        if (found == JobPhase.Cancelled) Assert.Contains("is cancelled, nothing was published", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watching_IsInterrupted_WithoutHarmToTheJob()
    {
        Jobs.Add(View(JobPhase.Mapping));
        using Interrupts interrupts = Interrupts.None();
        Jobs.Looks.Enqueue(static job => job);
        Jobs.Looks.Enqueue(job =>
        {
            interrupts.Interrupt();
            return job;
        });
        Assert.Equal(ExitCode.Interrupted, await _client.Application.RunCommandAsync(["mr", "status", Id, "--watch"], interrupts));
        Assert.Contains("goes on", _client.Error, StringComparison.Ordinal);
        Assert.Empty(Jobs.Cancelled);
    }

    [Fact]
    public async Task Status_ShowsWhatFailed()
    {
        Jobs.Add(View(JobPhase.Failed) with { Error = "map-1 failed 4 times", Failures = ["map-1/g1a1 on n2: exit status 3"], Counters = [new("matches", 7)], Maps = 3, MapsDone = 2 });
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("mr", "status", Id));
        foreach (string part in (string[])["map-1 failed 4 times", "on n2: exit status 3", "matches: 7", "2 of 3 tasks"]) Assert.Contains(part, _client.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_IsATable_OrOneObjectAJob()
    {
        Jobs.Add(View(JobPhase.Done));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("mr", "list"));
        Assert.Contains(Id, _client.Out, StringComparison.Ordinal);
        using ClientHarness json = new();
        json.Cluster.JobsOfIt.Add(View(JobPhase.Done));
        Assert.Equal(ExitCode.Ok, await json.RunAsync("mr", "list", "--json"));
        JsonElement line = Assert.Single(json.JsonLines());
        Assert.Equal(("Done", Id), (line.GetProperty("phase").GetString(), line.GetProperty("spec").GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData(JobPhase.Cancelled, ExitCode.Ok)]
    [InlineData(JobPhase.Done, ExitCode.Error)]
    public async Task Cancel_SaysWhetherItCameInTime(JobPhase found, int status)
    {
        Jobs.Add(View(JobPhase.Committing));
        Jobs.AfterCancel = found;
        Assert.Equal(status, await _client.RunAsync("mr", "cancel", Id));
        Assert.Contains(found == JobPhase.Done ? "published its output" : $"cancelled {Id}", _client.Error + _client.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("cancel")]
    [InlineData("logs")]
    public async Task UnknownJob_Ends3(string command)
    {
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("mr", command, "none"));
        Assert.Contains("there is no job none", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_AreOfOneTask_OrAll()
    {
        Jobs.Add(View(JobPhase.Done));
        Jobs.Log = "hello\n";
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("mr", "logs", Id, "map-3"));
        Assert.Equal("map-3: hello\n", _client.Out);
    }

    private Task<int> RunAsync() => _client.RunAsync("mr", "run", "--app", "wordcount", "--input", "x", "--output", "out");

    private static JobView View(JobPhase phase) => new() { Phase = phase, Spec = new JobSpec { Id = Id, Application = "wordcount", Inputs = ["/in"], Output = "/nowhere/out" } };
}
