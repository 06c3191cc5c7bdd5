namespace Quorleans.KeyValue.Controller.Tests;

public sealed class BadInputTests
{
    private readonly TestController _controller = TestController.Cluster(shards: 4, ControllerLimits.Default with { MaxGroups = 6, MaxNodesPerGroup = 3, MaxNodes = 5 });

    [Fact]
    public void Join_OfAnExistingGid_IsRefused() => AssertRefused(ControllerStatus.GroupExists, "1", ControllerCommand.Join(TestController.Group(1, "n1")));

    [Fact]
    public void Join_OnAnUnknownNode_IsRefused() => AssertRefused(ControllerStatus.UnknownNode, "n9", ControllerCommand.Join(TestController.Group(2, "n1", "n9")));

    [Fact]
    public void Join_WithoutNodes_IsRefused() => AssertRefused(ControllerStatus.NoNodes, "2", ControllerCommand.Join(TestController.Group(2)));

    [Fact]
    public void Join_WithANodeTwice_IsRefused() => AssertRefused(ControllerStatus.NodeTwice, "n1", ControllerCommand.Join(TestController.Group(2, "n1", "n2", "n1")));

    [Fact]
    public void Join_OnTooManyNodes_IsRefused() => AssertRefused(ControllerStatus.TooManyNodes, "2", ControllerCommand.Join(TestController.Group(2, "n1", "n2", "n3", "n4")));

    [Fact]
    public void Join_IsRefusedAsAWhole_WhenOneOfItsGroupsIsBad()
    {
        AssertRefused(ControllerStatus.GroupExists, "1", ControllerCommand.Join(TestController.Group(2, "n1"), TestController.Group(1, "n1")));
        Assert.Null(_controller.Map.Find(2));
    }

    [Fact]
    public void Join_OfTooManyGroups_IsRefused()
    {
        JoiningGroup[] groups = [.. Enumerable.Range(2, 6).Select(gid => TestController.Group(gid, "n1"))];
        AssertRefused(ControllerStatus.TooMany, "6 groups", ControllerCommand.Join(groups));
        Assert.Equal(ControllerStatus.Ok, _controller.Join(groups[1..]).Status);
    }

    [Fact]
    public void Join_OfMoreGroupsThanShards_LeavesSomeWithNothing()
    {
        Assert.Equal(ControllerStatus.Ok, _controller.Join([.. Enumerable.Range(2, 5).Select(gid => TestController.Group(gid, "n1"))]).Status);
        Assert.Equal(4, _controller.Query().Shards.Distinct().Count());
        Assert.Equal(6, _controller.Query().Groups.Length);
    }

    [Fact]
    public void Leave_OfAnUnknownGid_IsRefused()
    {
        _controller.Join(2);
        AssertRefused(ControllerStatus.UnknownGroup, "9", ControllerCommand.Leave(2, 9));
        _controller.CommitAll();
        _controller.Leave(2);
        AssertRefused(ControllerStatus.UnknownGroup, "2", ControllerCommand.Leave(2));
    }

    [Fact]
    public void Leave_OfTheLastGroups_IsRefused()
    {
        AssertRefused(ControllerStatus.LastGroup, "", ControllerCommand.Leave(1));
        _controller.Join(2);
        AssertRefused(ControllerStatus.LastGroup, "", ControllerCommand.Leave(1, 2));
    }

    [Fact]
    public void Leave_OfAGidNamedTwice_CountsOnce()
    {
        _controller.Join(2);
        Assert.Equal(ControllerStatus.Ok, _controller.Leave(2, 2).Status);
    }

    [Fact]
    public void Move_ToAnUnknownGroup_OrOfNoShard_IsRefused()
    {
        AssertRefused(ControllerStatus.UnknownGroup, "9", new MoveCommand(new ShardId(0), 9));
        AssertRefused(ControllerStatus.UnknownGroup, "0", new MoveCommand(new ShardId(0), 0));
        AssertRefused(ControllerStatus.ShardOutOfRange, "4", new MoveCommand(new ShardId(4), 1));
        Assert.Equal(ControllerStatus.ShardOutOfRange, _controller.Report(new MoveOverCommand(new ShardId(4), 1, true)).Status);
    }

    [Fact]
    public void RegisterNode_IsIdempotent_AndRefusesAnotherDiskUnderABearersName()
    {
        Assert.Equal(ControllerStatus.Ok, _controller.Report(new RegisterNodeCommand(TestController.Node(5))).Status);
        ShardMap map = _controller.Map;
        Assert.Equal(ControllerStatus.Ok, _controller.Report(new RegisterNodeCommand(TestController.Node(5))).Status);
        Assert.Same(map, _controller.Map);
        Assert.Equal(new ControllerResult(ControllerStatus.TooMany, 1, "5 nodes"), _controller.Report(new RegisterNodeCommand(TestController.Node(6))));
        Assert.Equal(new ControllerResult(ControllerStatus.NodeInUse, 1, "1"), _controller.Report(new RegisterNodeCommand(new ControllerNode("n1", Guid.Empty))));
        Assert.Equal(ControllerStatus.Ok, _controller.Report(new RegisterNodeCommand(new ControllerNode("n4", Guid.Empty))).Status);
        Assert.Equal(Guid.Empty, _controller.Map.Nodes.Single(node => node.Name == "n4").NodeId);
    }

    [Fact]
    public void RemoveNode_IsRefused_WhileAGroupIsOnIt()
    {
        AssertRefused(ControllerStatus.NodeInUse, "1", new RemoveNodeCommand("n2"));
        AssertRefused(ControllerStatus.UnknownNode, "n9", new RemoveNodeCommand("n9"));
        _controller.Join(TestController.Group(2, "n4"));
        AssertRefused(ControllerStatus.NodeInUse, "2", new RemoveNodeCommand("n4"));
        _controller.CommitAll();
        _controller.Leave(2);
        _controller.CommitAll();
        Assert.Equal(ControllerStatus.Ok, _controller.Send(new RemoveNodeCommand("n4")).Status);
        // Nobody can clean up there any more.
        Assert.Empty(_controller.Map.Gone);
    }

    [Fact]
    public void EveryRefusal_IsExplained_ByItsSubject()
    {
        foreach (ControllerStatus status in Enum.GetValues<ControllerStatus>())
        {
            if (status is ControllerStatus.None) continue;
            string text = new ControllerResult(status, 3, "s7").Describe();
            Assert.NotEqual(status.ToString(), text);
            Assert.EndsWith(".", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Options_ThatMakeNoSense_AreRefused()
    {
        AssertBad(new ControllerOptions { ShardCount = 0 });
        AssertBad(new ControllerOptions { ShardCount = 4097 });
        AssertBad(new ControllerOptions { ShardCount = 1, Groups = [TestController.Group(1, "n1")] });
        AssertBad(new ControllerOptions { ShardCount = 1, Nodes = [new ControllerNode("a b", default)] });
        AssertBad(new ControllerOptions { ShardCount = 1, AnyNode = true, Groups = [TestController.Group(2, "n1"), TestController.Group(1, "n1")] });
        AssertBad(new ControllerOptions { ShardCount = 1, Limits = ControllerLimits.Default with { MaxGroups = 0 } });
    }

    private static void AssertBad(ControllerOptions options) => Assert.Throws<ArgumentException>(() => new ControllerStateMachine(options));

    private void AssertRefused(ControllerStatus status, string subject, ControllerCommand command)
    {
        ShardMap map = _controller.Map;
        if (command is not RemoveNodeCommand) Assert.Equal(status, _controller.Plan(command).Result.Status);
        Assert.Equal(new ControllerResult(status, map.Number, subject), _controller.Send(command));
        Assert.Same(map, _controller.Map);
    }
}
