using Quorleans.MapReduce;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>Silos are killed at places that are hard to hit by chance; the job ends as it would have. Map outputs go over the network.</summary>
public sealed class KilledSiloTests(FaultyCluster cluster, ITestOutputHelper output) : IClassFixture<FaultyCluster>, IAsyncDisposable
{
    private readonly JobFolders _folders = new(files: 4, bytesEach: 60_000);
    private int _coordinators;

    public async ValueTask DisposeAsync()
    {
        cluster.Faults.Clear();
        await cluster.RestartAsync();
        _folders.Dispose();
    }

    [Theory]
    [InlineData("map begins")]
    [InlineData("map ends")]
    [InlineData("fetch")]
    [InlineData("reduce ends")]
    public async Task CoordinatorsSilo_IsKilled_AndItsSuccessorGoesOn(string place)
    {
        JobSpec spec = await SubmitAsync();
        using Gate gate = cluster.Faults.Hold(place);
        await gate.ReachedAsync();
        string coordinator = await cluster.CoordinatorAsync();
        await cluster.KillAsync(coordinator, gate);
        await cluster.RestartAsync();
        await cluster.DoneAsync(_folders, spec);
        await PrintAsync(spec, $"{coordinator} was killed at '{place}'", atLeast: 2);
    }

    // The killed coordinator's thread lives on, as that of a process does which is only paused: it goes on when its successor has published.
    [Theory]
    [InlineData("commit make")]
    [InlineData("commit link")]
    [InlineData("commit rename")]
    [InlineData("commit published")]
    public async Task CoordinatorsSilo_IsKilledInTheCommit_AndTheOutputAppearsOnce(string place)
    {
        using Gate gate = cluster.Faults.Hold(place);
        JobSpec spec = await SubmitAsync();
        string coordinator = await gate.ReachedAsync();
        Assert.Equal(place == "commit published", Directory.Exists(spec.Output));
        await cluster.KillAsync(coordinator);
        await cluster.EndAsync(spec);
        await cluster.RestartAsync();
        await cluster.DoneAsync(_folders, spec);
        byte[] report = await File.ReadAllBytesAsync(Path.Combine(spec.Output, JobReport.FileName));
        gate.Open();
        await cluster.DoneAsync(_folders, spec);
        Assert.Equal(report, await File.ReadAllBytesAsync(Path.Combine(spec.Output, JobReport.FileName)));
        await PrintAsync(spec, $"{coordinator} was killed at '{place}'", atLeast: 2);
    }

    [Fact]
    public async Task OutputThatWasOverwritten_BeforeTheSuccessorLooked_IsNotTouched()
    {
        using Gate gate = cluster.Faults.Hold("commit published");
        JobSpec spec = await SubmitAsync();
        string coordinator = await gate.ReachedAsync();
        IMapReduceApplication grep = ApplicationLoader.Load("grep");
        JobArguments arguments = new([KeyValuePair.Create("pattern", "worda")]);
        new LocalRunner(new JobProgress()).Run(
            new JobRequest { Jobs = grep.Define(arguments), Arguments = arguments, Inputs = [Path.Combine(_folders.Inputs, "text-0.txt")], Output = spec.Output, Reducers = 1, Overwrite = true, Durable = false },
            CancellationToken.None);
        byte[] theirs = await File.ReadAllBytesAsync(Path.Combine(spec.Output, "mr-out-0"));
        await cluster.KillAsync(coordinator, gate);
        JobView view = await cluster.EndAsync(spec);
        Assert.Equal(JobPhase.Done, view.Phase);
        await cluster.RestartAsync();
        await cluster.NothingIsLeftAsync(spec);
        Assert.Equal(theirs, await File.ReadAllBytesAsync(Path.Combine(spec.Output, "mr-out-0")));
        Assert.False(File.Exists(Path.Combine(spec.Output, "mr-out-1")));
    }

    [Theory]
    [InlineData("fetch", true)]
    [InlineData("fetch", false)]
    [InlineData("commit rename", false)]
    public async Task AnotherSilo_IsKilled_AndWhatItHeldIsMadeAgain(string place, bool isWhoWaits)
    {
        using Gate gate = cluster.Faults.Hold(place, isWhoWaits ? Others(await cluster.CoordinatorAsync()) : null);
        JobSpec spec = await SubmitAsync();
        string waits = await gate.ReachedAsync();
        string victim = isWhoWaits ? waits : cluster.Other(waits, await cluster.CoordinatorAsync());
        await cluster.KillAsync(victim, gate);
        await cluster.RestartAsync();
        await cluster.DoneAsync(_folders, spec);
        await PrintAsync(spec, $"{victim} was killed at '{place}'", atLeast: 1);

        // What was mapped there is lost only as long as it is needed.
        JobView view = await cluster.EndAsync(spec);
        if (place == "fetch") Assert.True(view.Attempts > 1 + view.Maps + view.Reduces, $"{view.Attempts} attempts");
    }

    private static Func<string, bool> Others(string node) => other => other != node;

    private async Task<JobSpec> SubmitAsync()
    {
        JobSpec spec = _folders.Spec("out", splitBytes: 20_000) with { Overwrite = true };
        _coordinators = cluster.Faults.Coordinators;
        await cluster.Jobs.SubmitAsync(spec);
        return spec;
    }

    private async Task PrintAsync(JobSpec spec, string what, int atLeast)
    {
        JobView view = await cluster.EndAsync(spec);
        output.WriteLine($"{what}: {view.Maps} maps, {view.Reduces} reduces, {view.Milliseconds} ms, {view.Attempts} attempts, {view.Retries} again, generation {view.Generation}");

        // Each activation takes a job once.
        Assert.InRange(view.Generation, atLeast, 1 + cluster.Faults.Coordinators - _coordinators);
    }
}
