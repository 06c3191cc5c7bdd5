using System.Collections.Immutable;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Client.Tests.Fakes;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Client.Tests;

public sealed class ShardingCommandTests : IDisposable
{
    private readonly ClientHarness _client = new();

    private FakeShardController Controller => _client.Cluster.Controller;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Join_NamesGroupAndNodes_AndShowsHowFarItIs()
    {
        Controller.Maps.Enqueue(Map(moving: true));
        Controller.Maps.Enqueue(Map(moving: false));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("join", "g2", "n1, n2"));
        JoinCommand join = Assert.IsType<JoinCommand>(Assert.Single(Controller.Commands));
        Assert.Equal((2, "n1,n2"), (join.Groups[0].Gid, string.Join(',', join.Groups[0].Nodes)));
        Assert.Equal("0 of 1 shards have moved\n1 of 1 shards have moved\n", _client.Error);
        Assert.Equal("ok, configuration 7\n", _client.Out);
    }

    [Fact]
    public async Task Move_WithoutWaiting_LooksAtNoMap()
    {
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("move", "1", "2", "--no-wait", "--json"));
        Assert.Equal(new MoveCommand(new ShardId(1), 2), Assert.Single(Controller.Commands));
        Assert.Equal(7, Assert.Single(_client.JsonLines()).GetProperty("configuration").GetInt32());
    }

    [Theory]
    [InlineData("join", "zero", "n1")]
    [InlineData("join", "2", ",")]
    [InlineData("move", "-1", "2")]
    [InlineData("leave", "g0")]
    public async Task BadArguments_AreUsageErrors_AndSendNothing(params string[] words)
    {
        Assert.Equal(ExitCode.Usage, await _client.RunAsync(words));
        Assert.Empty(Controller.Commands);
        Assert.NotEmpty(_client.Error);
    }

    [Fact]
    public async Task Refusal_IsOneLine()
    {
        Controller.Refusal = new ShardControllerException(new ControllerResult(ControllerStatus.LastGroup, 3));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("leave", "1"));
        Assert.StartsWith("error: The last group cannot leave", _client.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("join 2 n1", ControllerStatus.GroupExists, "2", "Group 2 is in the configuration already")]
    [InlineData("join 3 n9", ControllerStatus.UnknownNode, "n9", "No node 'n9' is known")]
    [InlineData("join 3 n1,n1", ControllerStatus.NodeTwice, "n1", "Node 'n1' is named twice")]
    [InlineData("leave 7", ControllerStatus.UnknownGroup, "7", "There is no group 7")]
    [InlineData("leave 1", ControllerStatus.LastGroup, "", "The last group cannot leave")]
    [InlineData("move 3 9", ControllerStatus.UnknownGroup, "9", "There is no group 9")]
    [InlineData("move 99 1", ControllerStatus.ShardOutOfRange, "99", "There is no shard 99")]
    public async Task BadInput_IsOneClearLine_AndExitStatus1(string command, ControllerStatus status, string subject, string message)
    {
        Controller.Refusal = new ShardControllerException(new ControllerResult(status, 3, subject));
        Assert.Equal(ExitCode.Error, await _client.RunAsync(command.Split(' ')));
        Assert.StartsWith($"error: {message}", _client.Error, StringComparison.Ordinal);
        Assert.Single(_client.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(_client.Out);
    }

    [Fact]
    public async Task Rebalance_AsDryRun_ChangesNothing()
    {
        Controller.Plan = new PlanAnswer(new ControllerResult(ControllerStatus.Ok, 3), [new PlannedChange(new ShardId(1), 2, 1, 2)]);
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("rebalance", "--dry-run"));
        Assert.Equal("shard 1: g2 -> g1\n1 shards would move\n", _client.Out);
        Assert.Empty(Controller.Commands);
    }

    [Fact]
    public async Task Query_OfACompactedConfiguration_IsNotMet()
    {
        Controller.Configuration = new ConfigurationAnswer(5, null);
        Assert.Equal(ExitCode.NotMet, await _client.RunAsync("query", "2"));
        Assert.Contains("the oldest that is kept has number 5", _client.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shards_ShowsOwnersAndSizes()
    {
        Controller.Maps.Enqueue(Map(moving: false));
        Hold("g1", "n1", Report(0, "Serving", keys: 3), Report(1, "Absent"));
        Hold("g2", "n1", Report(0, "Absent"), Report(1, "Serving", keys: 5));
        await _client.RunAsync("shards", "--json");
        JsonElement second = _client.JsonLines()[1];
        Assert.Equal(("g2", "Serving", 5), (second.GetProperty("owner").GetString(), second.GetProperty("state").GetString(), second.GetProperty("keys").GetInt32()));
    }

    [Fact]
    public async Task Verify_IsContent_WhenAllAgree()
    {
        Controller.Maps.Enqueue(Map(moving: false));
        Hold("g1", "n1", Report(0, "Serving", keys: 3), Report(1, "Released"));
        Hold("g2", "n1", Report(0, "Absent"), Report(1, "Serving", keys: 5));
        Assert.Equal(ExitCode.Ok, await _client.RunAsync("shards", "--verify"));
        Assert.Equal("ok: 2 shards on 2 replicas agree, and nothing is left over\n", _client.Out);
    }

    [Theory]
    [InlineData("Released", 4, "shard 1 on g1/n1 has 4 keys left over (Released)")]
    [InlineData("Serving", 0, "shard 1 on g1/n1 is served, but belongs to g2")]
    public async Task Verify_FindsDataWhereNoneBelongs(string phase, int keys, string problem)
    {
        Controller.Maps.Enqueue(Map(moving: false));
        Hold("g1", "n1", Report(0, "Serving", keys: 3), Report(1, phase, keys));
        Hold("g2", "n1", Report(0, "Absent"), Report(1, "Serving", keys: 5));
        Assert.Equal(ExitCode.Error, await _client.RunAsync("shards", "--verify"));
        Assert.Contains(problem, _client.Error, StringComparison.Ordinal);
    }

    private void Hold(string group, string node, params ShardReport[] shards) => _client.Cluster.ShardReports[(group, node)] = shards;

    private static ShardReport Report(int shard, string phase, int keys = 0) => new() { Shard = shard, Phase = phase, Keys = keys, Epoch = 1, Digest = "00" };

    // Shard 0 is g1's; shard 1 is g2's, or on its way there.
    private static ShardMap Map(bool moving)
    {
        ImmutableArray<ControllerNode> nodes = [new ControllerNode("n1", Guid.Empty)];
        ShardPlace second = moving ? new ShardPlace(1, 1, 2, 9, 2) : new ShardPlace(2, 2, 2, 0, 0);
        return new ShardMap(9, 2, [new ShardPlace(1, 1, 1, 0, 0), second], [new GroupPlace(1, 1, GroupPhase.Active, 0, nodes), new GroupPlace(2, 9, GroupPhase.Active, 0, nodes)], [], nodes);
    }
}
