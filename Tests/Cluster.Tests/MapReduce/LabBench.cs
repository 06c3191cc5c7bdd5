using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.Hosting;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>Lab 1's set-up: its texts, ten reduce tasks, and workers for two attempts at a time, on an embedded cluster of three silos.</summary>
internal sealed class LabBench : IAsyncDisposable
{
    /// <summary>Two, whatever the machine: the lab's cases of parallelism count up to it.</summary>
    public const int Slots = 2;

    private static readonly string Applications = Path.Combine(AppContext.BaseDirectory, "Quorleans.TestApplications.dll");
    private static readonly MapReduceOptions Options = new() { Slots = Slots, AssemblyFolders = [AppContext.BaseDirectory] };

    private readonly JobFolders _folders = new(files: 0, bytesEach: 0);
    private readonly RunningCluster _running;
    private int _outputs;

    private LabBench(RunningCluster running, IJobs jobs)
    {
        (_running, Jobs) = (running, jobs);
        Texts = LabTexts.FindOrMake(_folders.Inputs);
        Directory.CreateDirectory(Markers);
    }

    public IJobs Jobs { get; }

    public IReadOnlyList<string> Texts { get; }

    /// <summary>Where applications leave files by which they see each other.</summary>
    public string Markers => Path.Combine(_folders.Root, "markers");

    public static async Task<LabBench> StartAsync()
    {
        RunningCluster running = await RunningCluster.StartAsync(static options => options with { MapReduce = Options });
        return new LabBench(running, running.Jobs(await running.ConnectAsync()));
    }

    /// <summary>A job of an application that is built in.</summary>
    public JobSpec BuiltIn(string name) => _folders.Spec($"out-{++_outputs}") with { Application = name, Inputs = Texts, Reducers = 10 };

    /// <summary>A job of one of the test applications, whose maps get a file each: all are longer than the smallest split.</summary>
    public JobSpec Application(string type, params (string Name, string Value)[] arguments) =>
        BuiltIn($"{Applications}:{type}") with { SplitBytes = 1024, Arguments = Arguments(arguments) };

    /// <summary>Runs a job to its end, which must be a good one.</summary>
    public async Task<JobView> RunAsync(JobSpec spec)
    {
        await Jobs.SubmitAsync(spec);
        return await DoneAsync(spec);
    }

    /// <summary>Waits for a job's end, which must be a good one and leave nothing but the output.</summary>
    public async Task<JobView> DoneAsync(JobSpec spec)
    {
        JobView view = await JobFolders.EndAsync(Jobs, spec.Id);
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}");
        Assert.All(_running.Cluster.Nodes, static node => Assert.Equal(NodeState.Running, node.State));
        await _folders.NothingIsLeftAsync();
        return view;
    }

    /// <summary>The same job's output when one task runs after the other, in this process.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="arguments">Arguments in place of its own, with which the application neither waits nor ends its process.</param>
    public string Sequential(JobSpec spec, params (string Name, string Value)[] arguments)
    {
        string output = Path.Combine(_folders.Root, $"sequential-{++_outputs}");
        JobArguments given = new(Arguments(arguments));
        new LocalRunner(new JobProgress()).Run(
            new JobRequest
            {
                Jobs = ApplicationLoader.Load(spec.Application).Define(given), Arguments = given, Inputs = spec.Inputs, Output = output, Reducers = spec.Reducers, SplitBytes = spec.SplitBytes,
                Slots = 1, Durable = false,
            },
            CancellationToken.None);
        return output;
    }

    /// <summary>The lines of a job's output, each cut at its spaces.</summary>
    public static string[][] Lines(JobSpec spec) =>
        [.. Directory.EnumerateFiles(spec.Output, "mr-out-*").SelectMany(File.ReadAllLines).Select(static line => line.Split(' '))];

    public async ValueTask DisposeAsync()
    {
        await _running.DisposeAsync();
        _folders.Dispose();
    }

    private static KeyValuePair<string, string>[] Arguments((string Name, string Value)[] arguments) => [.. arguments.Select(static argument => KeyValuePair.Create(argument.Name, argument.Value))];
}
