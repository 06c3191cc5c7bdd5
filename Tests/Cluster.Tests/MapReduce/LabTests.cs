using System.Globalization;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>
/// Lab 1's seven cases, each with its name as the trait <c>Lab</c>. But for the first two, which are applications of ours, the lab's applications run in worker processes.
/// </summary>
public sealed class LabTests(ITestOutputHelper output) : IAsyncLifetime
{
    private LabBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await LabBench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    [Trait("Lab", "wc")]
    public Task Words_AreCounted_AsByOneTaskAfterTheOther() => AssertSameAsSequentialAsync("wordcount");

    [Fact]
    [Trait("Lab", "indexer")]
    public Task Words_AreIndexed_AsByOneTaskAfterTheOther() => AssertSameAsSequentialAsync("index");

    [Fact]
    [Trait("Lab", "map parallelism")]
    public async Task Maps_RunAtTheSameTime_InProcessesOfTheirOwn()
    {
        JobSpec spec = _bench.Application("MapTiming", ("markers", _bench.Markers), ("milliseconds", "500"));
        Print(await _bench.RunAsync(spec));
        string[][] lines = LabBench.Lines(spec);
        int[] processes = [.. lines.Where(static line => line[0].StartsWith("times-", StringComparison.Ordinal)).Select(static line => Number(line[0]["times-".Length..]))];
        Assert.Equal(LabBench.Slots, processes.Length);
        Assert.DoesNotContain(Environment.ProcessId, processes);

        // A line for each process, with a number for each of its maps: how many were at it.
        int[] parallel = [.. lines.Where(static line => line[0].StartsWith("parallel-", StringComparison.Ordinal)).SelectMany(static line => line.Skip(1)).Select(Number)];
        Assert.Equal(_bench.Texts.Count, parallel.Length);
        Assert.Equal(LabBench.Slots, parallel.Max());
    }

    [Fact]
    [Trait("Lab", "reduce parallelism")]
    public async Task Reduces_RunAtTheSameTime()
    {
        JobSpec spec = _bench.Application("ReduceTiming", ("markers", _bench.Markers), ("milliseconds", "500"));
        Print(await _bench.RunAsync(spec));
        string[][] lines = LabBench.Lines(spec);
        Assert.Equal("abcdefghij", string.Concat(lines.Select(static line => line[0]).Order(StringComparer.Ordinal)));
        int[] parallel = [.. lines.Select(static line => Number(line[1]))];
        Assert.Equal(LabBench.Slots, parallel.Max());
        Assert.True(parallel.Count(static number => number == LabBench.Slots) >= 2, $"at a time were {string.Join(' ', parallel)}");
    }

    [Fact]
    [Trait("Lab", "job count")]
    public async Task EachMap_RunsOnce_WhenNothingFails()
    {
        JobSpec spec = _bench.Application("JobCount", ("markers", _bench.Markers), ("milliseconds", "300"));
        JobView view = await _bench.RunAsync(spec);
        Print(view);
        Assert.Equal(["a", $"{_bench.Texts.Count}"], Assert.Single(LabBench.Lines(spec)));
        Assert.Equal((_bench.Texts.Count, 1 + view.Maps + view.Reduces, 0, 0), (view.Maps, view.Attempts, view.Retries, view.Backups));
    }

    [Fact]
    [Trait("Lab", "early exit")]
    public async Task Output_IsComplete_AsSoonAsItOrTheJobsEndIsSeen()
    {
        const int Milliseconds = 1500;
        JobSpec spec = _bench.Application("EarlyExit", ("milliseconds", Milliseconds.ToString(CultureInfo.InvariantCulture)));
        string expected = _bench.Sequential(spec, ("milliseconds", "0"));
        await _bench.Jobs.SubmitAsync(spec);
        bool waited = false;
        await Eventually.Holds("the output is there", async () =>
        {
            JobView now = (await _bench.Jobs.FindAsync(spec.Id))!;
            if (Directory.Exists(spec.Output)) return true;
            Assert.True(now.EndedMs == 0, $"the job is {now.Phase}, and its output is not there");
            waited |= now.Phase == JobPhase.Reducing;
            return false;
        });
        JobFolders.AssertSame(expected, spec.Output);
        Assert.True(waited, "nobody has seen the reduce calls that take long");
        JobView view = await _bench.DoneAsync(spec);
        Print(view);
        Assert.True(view.Milliseconds >= Milliseconds, $"the job did not wait for its slowest reduce call: {view.Milliseconds} ms");
        JobFolders.AssertSame(expected, spec.Output);
    }

    [Fact]
    [Trait("Lab", "crash")]
    public async Task Output_IsTheSame_WhenWorkersCrash()
    {
        // The lab's chances: a third of all calls end their process, a third take long. That no call of a job ends its own is one in a hundred.
        const int MostJobs = 5;
        for (int job = 1; ; job++)
        {
            JobSpec spec = _bench.Application("Crash", ("milliseconds", "500")) with { MaxAttempts = 20 };
            JobView view = await _bench.RunAsync(spec);
            Print(view);
            JobFolders.AssertSame(_bench.Sequential(spec, ("exit", "0"), ("slow", "0")), spec.Output);
            if (view.Retries == 0 && job < MostJobs) continue;
            Assert.Contains(view.Failures, static failure => failure.Contains("user code ended the process: it exited with status 1", StringComparison.Ordinal));
            return;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private async Task AssertSameAsSequentialAsync(string application)
    {
        JobSpec spec = _bench.BuiltIn(application) with { SplitBytes = 200_000 };
        JobView view = await _bench.RunAsync(spec);
        Print(view);
        Assert.True(view.Maps >= _bench.Texts.Count, $"only {view.Maps} maps");
        Assert.Equal(10, view.Reduces);
        JobFolders.AssertSame(_bench.Sequential(spec), spec.Output);
    }

    private void Print(JobView view) => output.WriteLine($"{view.Name}: {view.Maps} maps, {view.Reduces} reduces, {view.Milliseconds} ms, {view.Attempts} attempts, {view.Retries} again");
}
