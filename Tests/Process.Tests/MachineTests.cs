using System.Text.Json;
using Quorleans.Processes.Tests.History;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>Machines come and go in a cluster of processes, while it serves.</summary>
public sealed class MachineTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] FirstGroups = ["members", "ctl", "g1"];
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task AMachine_IsAdded_AnotherDrainedAndStopped_UnderLoad()
    {
        await using ClusterProcesses cluster = new(_data.Path, nodes: 4);
        await cluster.StartAsync("n1", "n2", "n3");
        string history = Path.Combine(_data.Path, "history.jsonl");
        await using ChildProcess workload = await ChildProcess.StartAsync(Programs.Client,
            ["workload", "--clients", "8", "--keys", "60", "--seconds", "3600", "--history", history, "--mix", "append=95,get=5", "--json", "--config", cluster.Config]);
        ClientRun nowhere = await cluster.ClientAsync("node", "drain", "n1");
        Assert.Equal(1, nowhere.Status);
        Assert.Contains("nowhere to go from n1", nowhere.OneErrorLine, StringComparison.Ordinal);

        await cluster.StartAsync("n4");
        Assert.Equal(["n1 members ctl g1", "n2 members ctl g1", "n3 members ctl g1", "n4"], await HostsAsync(cluster));
        ClientRun drain = await cluster.ClientAsync("node", "drain", "n1");
        Assert.True(drain.Status == 0, drain.Error);
        output.WriteLine(drain.Output);
        await Eventually.Holds("n1 hosts nothing", async () => (await HostsAsync(cluster)).SequenceEqual(["n1", "n2 members ctl g1", "n3 members ctl g1", "n4 members ctl g1"]));
        await cluster.StopAsync("n1");

        // The three that are left are a full cluster: any one of them may die.
        await cluster.KillAsync("n2");
        Assert.Equal(0, (await cluster.ClientAsync("put", "after", "value")).Status);
        await cluster.StartAsync("n2");
        await workload.SignalAsync("INT");
        Assert.Equal(0, await workload.WaitAsync());
        output.WriteLine(workload.Output);
        Dictionary<string, string> final = await ReadAllAsync(cluster);
        Assert.True(final.Remove("after"));
        AppendOperation[] operations = [.. AppendHistory.Read(history)];
        Assert.Empty(AppendComparer.Compare(operations, final));
        Assert.True(operations.Count(static operation => operation is { IsRead: false, Acknowledged: true }) > 200, "That was no load.");
    }

    [Fact]
    public async Task ANodeWhoseDiskIsGone_ComesBackAsANewMember()
    {
        await using ClusterProcesses cluster = new(_data.Path);
        await cluster.StartAsync("n1", "n2", "n3");
        Assert.Equal(0, (await cluster.ClientAsync("put", "kept", "value")).Status);
        await cluster.KillAsync("n1");
        Directory.Delete(Path.Combine(_data.Path, "data", "n1"), recursive: true);
        await cluster.StartAsync("n1");
        foreach (string group in FirstGroups)
        {
            // The other silos hear of the new one a moment after it is ready.
            JsonElement replica = default;
            await Eventually.Holds("n1 answers", async () =>
            {
                replica = (await JsonAsync(cluster, "status")).Single(one => one.GetProperty("group").GetString() == group && one.GetProperty("node").GetString() == "n1");
                return replica.GetProperty("state").GetString() != "Unreachable";
            });
            Assert.Equal("NotMember", replica.GetProperty("state").GetString());
            Assert.Contains($"replace-replica {group} n1 n1", replica.GetProperty("detail").GetString(), StringComparison.Ordinal);
            ClientRun replace = await cluster.ClientAsync("replace-replica", group, "n1", "n1");
            Assert.True(replace.Status == 0, replace.Error);
        }

        await cluster.KillAsync("n2");
        ClientRun get = await cluster.ClientAsync("get", "kept");
        Assert.True(get is { Status: 0, Output: "value\n" }, get.Error);
        await cluster.StartAsync("n2");
    }

    private static async Task<string[]> HostsAsync(ClusterProcesses cluster) => [.. (await JsonAsync(cluster, "nodes")).Select(static node =>
        string.Join(' ', node.GetProperty("hosts").EnumerateArray().Select(static group => group.GetString()).Prepend(node.GetProperty("node").GetString())))];

    private static async Task<JsonElement[]> JsonAsync(ClusterProcesses cluster, params string[] command)
    {
        ClientRun run = await cluster.ClientAsync([.. command, "--json"]);
        Assert.True(run.Status == 0, run.Error);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    private static async Task<Dictionary<string, string>> ReadAllAsync(ClusterProcesses cluster) =>
        (await JsonAsync(cluster, "scan", "--limit", "0")).ToDictionary(static item => item.GetProperty("key").GetString()!, static item => item.GetProperty("value").GetString()!);
}
