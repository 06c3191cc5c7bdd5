using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Client.Tests;

public sealed class NodesCommandTests : IDisposable
{
    private readonly ClientHarness _client = new();

    public NodesCommandTests()
    {
        // g1 is on n1, n2, n4 (a learner); its leader is n1, and n2 is not heard from.
        _client.Nodes.List.Clear();
        _client.Nodes.List.AddRange([("n1", "Running"), ("n2", "Stopped"), ("n3", "Running"), ("n4", "Running")]);
        _client.Cluster.Replicas.AddRange(
        [
            FakeCluster.Replica("n1", "Leader"), new ReplicaReport("g1", "n2", null, "no answer"), FakeCluster.Replica("n4", "Learner"),
            new ReplicaReport("g1", "n3", new ReplicaStatus { Group = "g1", Node = "n3", State = "NotMember" }, null),
        ]);
        _client.Cluster.Controller.Maps.Enqueue(new ShardMap(1, 1, [new ShardPlace(1, 1, 1, 0, 0)], [new GroupPlace(1, 1, GroupPhase.Active, 0, [])], [], []));
    }

    private FakeAdministrator Admin => _client.Cluster.Administrator;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Nodes_ShowsWhatEachHostsAndLeads()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("nodes", "--json"));
        JsonElement[] lines = _client.JsonLines();
        Assert.Equal(
            ["n1 Running [\"g1\"] [\"g1\"]", "n2 Stopped [\"g1\"] []", "n3 Running [] []", "n4 Running [\"g1\"] []"],
            lines.Select(static line => $"{line.GetProperty("node").GetString()} {line.GetProperty("state").GetString()} {line.GetProperty("hosts").GetRawText()} {line.GetProperty("leads").GetRawText()}"));
    }

    [Fact]
    public async Task Nodes_IsATableForPeople()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("nodes"));
        Assert.Matches(@"n1 +\| Running +\| g1 +\| g1 ", _client.Out);
        Assert.Matches(@"n3 +\| Running +\| +\| +\|", _client.Out);
    }

    [Fact]
    public async Task Drain_TakesUpALearnerThatIsThere()
    {
        Admin.Says.Add(new MembershipProgress(MembershipStep.Done, "g1 has replicas on n1, n4"));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "drain", "n2"));
        Assert.Equal(["replace g1 n2 n4"], Admin.Calls);
        Assert.Equal("g1 has replicas on n1, n4\nn2 hosts nothing any more: g1 went to n4\n", _client.Out);
    }

    [Fact]
    public async Task Drain_GoesToASpareNode_ThatRuns()
    {
        Admin.Leader = Admin.Leader with { Members = [.. Admin.Leader.Members.Take(2)] };
        _client.Nodes.List[3] = ("n4", "Stopped");
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "drain", "n1"));
        Assert.Equal(["replace g1 n1 n3"], Admin.Calls);
    }

    [Fact]
    public async Task Drain_Refuses_WhenThereIsNoPlace_BeforeAnythingIsMoved()
    {
        _client.Nodes.List.RemoveRange(2, 2);
        Assert.Equal(ExitCode.Error, await _client.RunAsync("node", "drain", "n2"));
        Assert.Empty(Admin.Calls);
        Assert.Contains("g1 has nowhere to go from n2", _client.Error, StringComparison.Ordinal);
        Assert.Contains("remove-replica g1 n2", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_KnowsGroupsWhoseReplicasAllAreSilent_FromTheController()
    {
        _client.Cluster.Replicas.Clear();
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "drain", "n2"));
        Assert.Equal(["replace g1 n2 n4"], Admin.Calls);
    }

    [Fact]
    public async Task AddAndRemove_AreForClustersOfProcesses()
    {
        foreach (string[] command in (string[][])[["node", "add", "n9", "--silo", "1", "--gateway", "2", "--http-port", "3", "--peer", "4"], ["node", "remove", "n1"]])
        {
            Assert.Equal(ExitCode.Usage, await _client.RunAsync(command));
            Assert.Contains($"{command[0]} {command[1]} needs --config", _client.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--silo", "70000")]
    [InlineData("--peer", "0")]
    [InlineData("--address", "somewhere")]
    [InlineData("--address", "0.0.0.0")]
    public async Task Add_RefusesWhatNoNodeCanListenOn(string option, string value)
    {
        string file = Path.Combine(Path.GetTempPath(), $"quorleans-{Guid.NewGuid()}.json");
        Dictionary<string, string> options = new() { ["--silo"] = "1", ["--gateway"] = "2", ["--http-port"] = "3", ["--peer"] = "4", ["--address"] = "127.0.0.1", ["--config"] = file };
        options[option] = value;
        Assert.Equal(ExitCode.Usage, await _client.RunAsync([.. (string[])["node", "add", "n9"], .. options.SelectMany(static pair => (string[])[pair.Key, pair.Value])]));
        Assert.Contains(option, _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_OfANodeThatHostsNothing_SaysSo_AndOfAnUnknownOneToo()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("node", "drain", "n3"));
        Assert.Equal("n3 hosts nothing\n", _client.Out);
        Assert.Equal(ExitCode.Error, await _client.RunAsync("node", "drain", "n9"));
        Assert.Contains("there is no node n9; the nodes are n1, n2, n3, n4", _client.Error, StringComparison.Ordinal);
        Assert.Empty(Admin.Calls);
    }
}
