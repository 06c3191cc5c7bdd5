using Microsoft.Extensions.DependencyInjection;
using Quorleans.Clerk;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.Hosting;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>Three silos that pretend to be on machines of their own, for all tests of a class; what a test breaks it mends.</summary>
public sealed class FaultyCluster : IAsyncLifetime
{
    private RunningCluster _running = null!;
    private OrleansClerk _clerk = null!;

    internal JobFaults Faults { get; } = new();

    internal IJobs Jobs { get; private set; } = null!;

    internal EmbeddedCluster Cluster => _running.Cluster;

    public async ValueTask InitializeAsync()
    {
        _running = await RunningCluster.StartAsync(options => options with
        {
            MapReduce = new MapReduceOptions { MachineOf = static node => $"machine of {node}", Slots = 3 }, ConfigureSilo = AddFaults,
        });
        _clerk = await _running.ConnectAsync();
        Jobs = _running.Jobs(_clerk);
        await AllAreUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Faults.Clear();
        await _running.DisposeAsync();
    }

    /// <summary>The node that coordinates.</summary>
    internal async Task<string> CoordinatorAsync() => (await _running.CoordinatorAsync(_clerk)).Node;

    /// <summary>A node that is none of these.</summary>
    internal string Other(params string[] nodes) => Cluster.Nodes.Select(static node => node.Node).First(node => !nodes.Contains(node));

    /// <summary>Stops a silo as if its process had been killed.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="gate">Holds one of its attempts, perhaps, and is opened when nobody hears of that any more: a thread cannot be killed.</param>
    internal async Task KillAsync(string node, Gate? gate = null)
    {
        Task killed = Cluster.StopNodeAsync(node, abrupt: true);
        gate?.Open();
        await killed;
    }

    /// <summary>Starts what was killed, and waits until all take part in jobs.</summary>
    internal async Task RestartAsync()
    {
        foreach (NodeStatus node in Cluster.Nodes)
            if (node.State == NodeState.Stopped) await Cluster.StartNodeAsync(node.Node);
        await AllAreUpAsync();
    }

    /// <summary>Waits until a job has ended.</summary>
    internal Task<JobView> EndAsync(JobSpec spec) => JobFolders.EndAsync(Jobs, spec.Id);

    /// <summary>The job has the output that it shall have, and nothing else is left of it.</summary>
    internal async Task DoneAsync(JobFolders folders, JobSpec spec)
    {
        JobView view = await EndAsync(spec);
        Assert.True(view.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}\n{string.Join('\n', view.Failures)}");
        JobFolders.AssertSame(folders.RunLocally(spec.Application, spec.Arguments), spec.Output);
        Assert.Equal(spec.Id, Quorleans.MapReduce.Engine.JobReport.IdOf(await File.ReadAllBytesAsync(Path.Combine(spec.Output, Quorleans.MapReduce.Engine.JobReport.FileName))));
        await NothingIsLeftAsync(spec);
    }

    /// <summary>The job failed, says of what, and has left nothing.</summary>
    internal async Task FailedAsync(JobSpec spec, params string[] said)
    {
        JobView view = await EndAsync(spec);
        Assert.Equal(JobPhase.Failed, view.Phase);
        foreach (string part in said) Assert.Contains(part, view.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(spec.Output), $"{spec.Output} is there");
        await NothingIsLeftAsync(spec);
    }

    /// <summary>Waits until no file of a job is left, but for its output: beside that, and in the nodes' folders.</summary>
    internal async Task NothingIsLeftAsync(JobSpec spec)
    {
        string parent = Path.GetDirectoryName(spec.Output)!, staging = Path.GetFileName(JobPaths.Staging(spec));
        await Eventually.Holds($"nothing is left of {staging}", () => !Directory.Exists(parent) || !Directory.EnumerateFileSystemEntries(parent, staging).Any());
        await Eventually.Holds($"nothing is left of job {spec.Id} in the nodes' folders", () => Cluster.Nodes.All(node =>
            Directory.EnumerateDirectories(Path.Combine(node.DataDirectory, "mr", "work")).All(start => !Directory.Exists(Path.Combine(start, spec.Id)))));
    }

    private Task<TimeSpan> AllAreUpAsync() => Eventually.Holds("all trackers have a slot", async () =>
        (await _running.CoordinatorAsync(_clerk)).Trackers.Count(static tracker => tracker.EndsWith("of 1 slots busy", StringComparison.Ordinal)) == 3);

    // Short leases and quick heartbeats: much of what is tested here waits for them.
    private void AddFaults(string node, ISiloBuilder silo)
    {
        silo.AddIncomingGrainCallFilter(Faults);
        silo.Services.AddTransient(_ =>
        {
            Faults.NoteCoordinator();
            return new CoordinatorOptions { LeaseMs = 3000, HeartbeatMs = 200 };
        });
        silo.Services.AddSingleton(_ => new TaskRunner(null, new MapOutputFetcher(new FaultyFetch(node, Faults))));
        silo.Services.AddSingleton(_ => new JobOutput(Posix.TryLink, step => Faults.PassAsync($"commit {step}", node, CancellationToken.None).GetAwaiter().GetResult()));
        silo.Services.AddSingleton<IAttemptHost>(services => new FaultyHost(node, services.GetRequiredService<InProcessHost>(), Faults));
    }
}
