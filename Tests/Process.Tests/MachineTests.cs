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
    public async Task AMachine_IsAdded_TakesOver_IsDrainedAndRemoved_UnderWorkload_WithALinearizableHistory()
    {
        await using ClusterProcesses cluster = new(_data.Path, nodes: 4);
        Dictionary<string, string[]> described = AddedNodes.TakeOut(cluster.Config, "n4");
        await cluster.StartAsync("n1", "n2", "n3");
        string history = Path.Combine(_data.Path, "history.jsonl");
        await using ChildProcess workload = await ChildProcess.StartAsync(Programs.Client,
            ["workload", "--clients", "8", "--keys", "40", "--seconds", "3600", "--history", history, "--json", "--config", cluster.Config]);

        // The file of no process names it, and nothing is restarted.
        await cluster.BeginAsync("n4");
        (int unknown, string why) = await cluster.WaitEndAsync("n4");
        Assert.True(unknown == 2, why);
        Assert.Contains("node add", why, StringComparison.Ordinal);
        await RunAsync(cluster, ["node", "add", "n4", .. described["n4"]]);
        await RunAsync(cluster, ["node", "add", "n4", .. described["n4"]]);
        await RefusedAsync(cluster, "There is a node 'n4' already", ["node", "add", "n4", .. described["n3"]]);
        await RefusedAsync(cluster, "of node 'n3'", ["node", "add", "n5", .. described["n3"]]);
        await cluster.StartAsync("n4");
        await HostAsync(cluster, "n1 members ctl g1", "n2 members ctl g1", "n3 members ctl g1", "n4");

        output.WriteLine(await RunAsync(cluster, "node", "drain", "n3"));
        await HostAsync(cluster, "n1 members ctl g1", "n2 members ctl g1", "n3", "n4 members ctl g1");
        await RunAsync(cluster, "transfer-leader", "g1", "n4");
        await RefusedAsync(cluster, "n4 hosts members, ctl, g1", "node", "remove", "n4");
        await cluster.KillAsync("n1");
        await FlowsAsync(workload, history);
        await cluster.StartAsync("n1");
        await FlowsAsync(workload, history);

        output.WriteLine(await RunAsync(cluster, "node", "drain", "n4"));
        await RunAsync(cluster, "node", "remove", "n4");
        (int removed, string said) = await cluster.WaitEndAsync("n4");
        Assert.True(removed == 4, $"n4 ended with status {removed}: {said}");
        await HostAsync(cluster, "n1 members ctl g1", "n2 members ctl g1", "n3 members ctl g1");
        await RunAsync(cluster, "node", "remove", "n4");
        await RefusedAsync(cluster, "was removed", ["node", "add", "n4", .. described["n4"]]);
        await cluster.BeginAsync("n4");
        Assert.Equal(4, (await cluster.WaitEndAsync("n4")).Status);

        await FlowsAsync(workload, history);
        await workload.SignalAsync("INT");
        Assert.Equal(0, await workload.WaitAsync());
        output.WriteLine(workload.Output);
        ClientRun check = await ClientProcess.RunAsync(Programs.Client, ["check-history", history]);
        Assert.True(check.Status == 0, check.Output + check.Error);
        output.WriteLine(check.Output);
    }

    [Fact]
    public async Task AnAddedNodeThatKeepsTheTable_IsFoundAgain_WhenAllStartAnew()
    {
        await using ClusterProcesses cluster = new(_data.Path, nodes: 4);
        Dictionary<string, string[]> described = AddedNodes.TakeOut(cluster.Config, "n4");
        await cluster.StartAsync("n1", "n2", "n3");
        await RunAsync(cluster, "put", "kept", "value");
        await RunAsync(cluster, ["node", "add", "n4", .. described["n4"]]);
        await cluster.StartAsync("n4");
        await RunAsync(cluster, "node", "drain", "n3");
        foreach (string node in cluster.Nodes) await Eventually.Holds($"{node} knows of n4", () => File.Exists(Path.Combine(_data.Path, "data", node, "nodes.json")));
        await cluster.KillAsync("n1", "n2", "n3", "n4");

        // Only together are these two a majority, and the file of neither says where n4 is.
        await cluster.StartAsync("n2", "n4");
        Assert.Equal("value\n", await RunAsync(cluster, "get", "kept"));
        await RunAsync(cluster, "node", "remove", "n3");
        await cluster.BeginAsync("n3");
        Assert.Equal(4, (await cluster.WaitEndAsync("n3")).Status);
    }

    [Fact]
    public async Task AMachineThatIsLost_IsRemovedByForce_AndWhatThatCostsIsSaid()
    {
        await using ClusterProcesses cluster = new(_data.Path);
        await cluster.StartAsync("n1", "n2", "n3");
        await RunAsync(cluster, "put", "kept", "value");
        await cluster.KillAsync("n3");
        await RefusedAsync(cluster, "n3 hosts members, ctl, g1", "node", "remove", "n3");
        ClientRun force = await cluster.ClientAsync("node", "remove", "n3", "--force");
        Assert.True(force.Status == 0, force.Error);
        foreach (string group in FirstGroups) Assert.Contains($"warning: {group} loses its replica on n3; n1, n2 are left", force.Error, StringComparison.Ordinal);
        await HostAsync(cluster, "n1 members ctl g1", "n2 members ctl g1");
        Assert.Equal("value\n", await RunAsync(cluster, "get", "kept"));
        await cluster.BeginAsync("n3");
        Assert.Equal(4, (await cluster.WaitEndAsync("n3")).Status);
    }

    [Fact]
    public async Task ANodeWhoseDiskIsGone_HasNoVote_AndComesBackAsANewMember()
    {
        await using ClusterProcesses cluster = new(_data.Path);
        await cluster.StartAsync("n1", "n2", "n3");
        await RunAsync(cluster, "put", "kept", "value");
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
        }

        // With it two of three are up, and yet one vote is missing.
        await cluster.KillAsync("n2");
        Assert.Equal(1, (await cluster.ClientAsync("put", "kept", "forgotten", "--timeout", "5")).Status);
        await cluster.StartAsync("n2");
        output.WriteLine(await RunAsync(cluster, "node", "replace", "n1"));
        await cluster.KillAsync("n2");
        string kept = await RunAsync(cluster, "get", "kept");
        // What could not be decided may have been decided since.
        Assert.Contains(kept, (string[])["value\n", "forgotten\n"]);
        await cluster.StartAsync("n2");
    }

    private static async Task HostAsync(ClusterProcesses cluster, params string[] expected)
    {
        string[] hosts = [];
        try
        {
            await Eventually.Holds("the nodes host what they should", async () => (hosts = await HostsAsync(cluster)).SequenceEqual(expected));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} They host: {string.Join("; ", hosts)}.", e);
        }
    }

    private static async Task<string> RunAsync(ClusterProcesses cluster, params string[] command)
    {
        ClientRun run = await cluster.ClientAsync(command);
        Assert.True(run.Status == 0, $"{string.Join(' ', command)}: status {run.Status}. {run.Error}");
        return run.Output;
    }

    private static async Task RefusedAsync(ClusterProcesses cluster, string because, params string[] command)
    {
        ClientRun run = await cluster.ClientAsync(command);
        Assert.True(run.Status == 1, $"{string.Join(' ', command)}: status {run.Status}. {run.Output}{run.Error}");
        Assert.Contains(because, run.OneErrorLine, StringComparison.Ordinal);
    }

    private static async Task FlowsAsync(ChildProcess workload, string history)
    {
        long before = new FileInfo(history).Length;
        await Eventually.Holds("operations end", () => workload.HasExited ? throw new InvalidOperationException($"The workload ended early.\n{workload}") : new FileInfo(history).Length > before + 20_000);
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
