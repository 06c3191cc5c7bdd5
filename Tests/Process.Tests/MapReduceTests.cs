using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.MapReduce.Jobs;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>Jobs on a cluster of processes. Each says that it is a machine of its own, so that map outputs go over the network.</summary>
public sealed class MapReduceTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    private string Inputs => Path.Combine(_data.Path, "in");

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task MapOutputs_AreFetchedByOtherProcesses_AlsoWhenOneIsKilled()
    {
        MakeInputs();
        await using ClusterProcesses cluster = new(_data.Path)
        {
            Environment = node => new Dictionary<string, string>
            {
                ["Quorleans__MapReduce__Machine"] = $"machine of {node}", ["Quorleans__MapReduce__OutputRoots__0"] = _data.Path,
            },
        };
        await cluster.StartAsync([.. cluster.Nodes]);
        await using TestClient client = await TestClient.ConnectAsync(cluster);
        JobSpec spec = Spec("out");
        JobView view = await RunAsync(client, spec);
        await SameAsLocalAsync(spec);
        string maps = await client.Jobs.ReadLogAsync(spec.Id, null);
        foreach (string node in cluster.Nodes) Assert.Contains($"begins on {node}", maps, StringComparison.Ordinal);

        // What the processes were told counts: with no bounds, any place would do.
        JobsException refused = await Assert.ThrowsAsync<JobsException>(() => client.Jobs.SubmitAsync(Spec("out") with { Output = Path.Combine(Path.GetTempPath(), "out") }));
        Assert.Contains("is not allowed", refused.Message, StringComparison.Ordinal);

        JobSpec second = Spec("second");
        await client.Jobs.SubmitAsync(second);
        await Eventually.Holds("maps are done", async () => await client.Jobs.FindAsync(second.Id) is { MapsDone: > 20 });
        await cluster.KillAsync("n3");
        view = await RunAsync(client, second);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"n3 was killed: {view.Maps} maps, {view.Milliseconds} ms, {view.Attempts} attempts, {view.Retries} again, generation {view.Generation}"));
        await SameAsLocalAsync(second);
        await Eventually.Holds("no staging folder is left", () => !Directory.EnumerateFileSystemEntries(_data.Path, ".*").Any());
    }

    private JobSpec Spec(string name) => new()
    {
        Id = JobIds.Create(TimeProvider.System), Application = "index", Inputs = [Inputs], Output = Path.Combine(_data.Path, name), Reducers = 4, SplitBytes = 10_000, Durable = false,
    };

    private static async Task<JobView> RunAsync(TestClient client, JobSpec spec)
    {
        await client.Jobs.SubmitAsync(spec);
        JobView? view = null;
        await Eventually.Holds($"job {spec.Id} has ended", async () => (view = await client.Jobs.FindAsync(spec.Id)) is { EndedMs: > 0 });
        Assert.True(view!.Phase == JobPhase.Done, $"{view.Phase}: {view.Error}\n{string.Join('\n', view.Failures)}");
        return view;
    }

    private async Task SameAsLocalAsync(JobSpec spec)
    {
        string local = Path.Combine(_data.Path, "local");
        if (!Directory.Exists(local))
        {
            ClientRun run = await ClientProcess.RunAsync(Programs.Client, ["mr", "run", "--local", "--app", spec.Application, "--input", Inputs, "--output", local, "--reducers", "4"]);
            Assert.True(run.Status == 0, run.Error);
        }

        for (int i = 0; i < spec.Reducers; i++)
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(local, JobPaths.OutputName(i))), await File.ReadAllBytesAsync(Path.Combine(spec.Output, JobPaths.OutputName(i))));
    }

    private void MakeInputs()
    {
        Directory.CreateDirectory(Inputs);
        Random random = new(3);
        for (int file = 0; file < 6; file++)
        {
            StringBuilder text = new();
            while (text.Length < 200_000) text.Append("word").Append((char)('a' + random.Next(26))).Append((char)('a' + random.Next(26))).Append(random.Next(10) == 0 ? '\n' : ' ');
            File.WriteAllText(Path.Combine(Inputs, $"text-{file}"), text.ToString());
        }
    }
}
