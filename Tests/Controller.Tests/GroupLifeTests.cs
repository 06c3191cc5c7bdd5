namespace Quorleans.KeyValue.Controller.Tests;

public sealed class GroupLifeTests
{
    private readonly TestController _controller = TestController.Cluster(shards: 4);

    [Fact]
    public void AGroup_Joins_IsActive_Leaves_AndIsGoneOnceItOwnsNothing()
    {
        _controller.Join(2);
        long incarnation = _controller.LastIndex;
        Assert.Equal((incarnation, GroupPhase.Joining), Of(2));
        Assert.Equal(ControllerStatus.Ok, _controller.Report(new GroupActiveCommand(2, incarnation)).Status);
        Assert.Equal((incarnation, GroupPhase.Active), Of(2));
        _controller.CommitAll();
        _controller.Leave(2);
        Assert.Equal((incarnation, GroupPhase.Leaving), Of(2));
        Assert.DoesNotContain(_controller.Query().Groups, group => group.Gid == 2);
        int[] owned = [.. Enumerable.Range(0, 4).Where(shard => _controller.Map.Shards[shard].Owner == 2)];
        Assert.Equal(2, owned.Length);
        _controller.Commit(owned[0]);
        // S17: whoever left must stay until the last shard has arrived elsewhere.
        Assert.Equal((incarnation, GroupPhase.Leaving), Of(2));
        _controller.Commit(owned[1]);
        Assert.Null(_controller.Map.Find(2));
        Assert.Equal((2, incarnation), (_controller.Map.Gone[0].Gid, _controller.Map.Gone[0].Incarnation));
    }

    [Fact]
    public void ACommittedMoveTo_AJoiningGroup_ShowsThatItIsActive()
    {
        _controller.Join(2);
        _controller.CommitAll();
        Assert.Equal(GroupPhase.Active, Of(2).Phase);
    }

    [Fact]
    public void AGidThatJoinsAgain_IsANewIncarnation_AndReportsOfTheOldOneChangeNothing()
    {
        _controller.Join(2);
        long old = _controller.LastIndex;
        Retire(2);
        _controller.Join(TestController.Group(2, "n4"));
        long incarnation = _controller.LastIndex;
        Assert.True(incarnation > old);
        Assert.Equal((incarnation, GroupPhase.Joining), Of(2));
        ShardMap map = _controller.Map;
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new GroupActiveCommand(2, old)).Status);
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new MembersChangedCommand(2, old, 99, [TestController.Node(1)])).Status);
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new GroupCleanedCommand(2, incarnation, "n1")).Status);
        Assert.Same(map, _controller.Map);
        // The old one is still to be cleaned, beside the new one.
        Assert.Equal(old, Assert.Single(_controller.Map.Gone).Incarnation);
    }

    [Fact]
    public void AGoneGroup_IsForgotten_WhenAllItsNodesHaveCleanedUp()
    {
        _controller.Join(2);
        long incarnation = _controller.LastIndex;
        Retire(2);
        foreach (string node in (string[])["n2", "n1", "n3"])
        {
            Assert.True(Assert.Single(_controller.Map.Gone).IsOn(node));
            Assert.Equal(ControllerStatus.Ok, _controller.Report(new GroupCleanedCommand(2, incarnation, node)).Status);
            Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new GroupCleanedCommand(2, incarnation, node)).Status);
        }

        Assert.Empty(_controller.Map.Gone);
    }

    [Fact]
    public void ALivingGroup_CannotBeCleaned()
    {
        _controller.Join(2);
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new GroupCleanedCommand(2, _controller.LastIndex, "n1")).Status);
    }

    [Fact]
    public void AGroupThatComesBackWhileItLeaves_GoesOnAsTheSameIncarnation_OnItsOwnNodesOnly()
    {
        _controller.Join(2);
        long incarnation = _controller.LastIndex;
        _controller.CommitAll();
        _controller.Leave(2);
        Assert.Equal(new ControllerResult(ControllerStatus.GroupLeaving, 3, "2"), _controller.Join(TestController.Group(2, "n4")));
        Assert.Equal(ControllerStatus.Ok, _controller.Join(TestController.Group(2, "n3", "n1", "n2")).Status);
        Assert.Equal((incarnation, GroupPhase.Joining), Of(2));
        Assert.All(_controller.Map.Shards, shard => Assert.Equal(shard.Owner, shard.Target));
    }

    [Fact]
    public void AllGroupsLeaving_AsTheLabsAllow_KeepsTheDataWithItsOwnerUntilAnotherJoins()
    {
        TestController controller = TestController.Labs();
        controller.Join(1);
        controller.CommitAll();
        controller.Leave(1);
        Assert.All(controller.Map.Shards, shard => Assert.Equal(new ShardPlace(1, 1, 0, 0, 0), shard));
        Assert.Equal(GroupPhase.Leaving, controller.Map.Find(1)!.Value.Phase);
        controller.Join(2);
        controller.CommitAll();
        Assert.All(controller.Map.Shards, shard => Assert.Equal(new ShardPlace(2, 2, 2, 0, 0), shard));
        Assert.Null(controller.Map.Find(1));
    }

    [Fact]
    public void MembersChanged_ShowsInTheMapAndInANewConfiguration_AndNeverGoesBack()
    {
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 2), _controller.Report(new MembersChangedCommand(1, 1, 40, [TestController.Node(2), TestController.Node(4)])));
        Assert.Equal(["n2", "n4"], _controller.Query().Find(1)!.Value.Nodes);
        Assert.Equal(["n1", "n2", "n3"], _controller.Query(1).Find(1)!.Value.Nodes);
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new MembersChangedCommand(1, 1, 40, [TestController.Node(1)])).Status);
        Assert.Equal(ControllerStatus.NotCurrent, _controller.Report(new MembersChangedCommand(1, 1, 39, [TestController.Node(1)])).Status);
        Assert.True(_controller.Map.Find(1)!.Value.IsOn("n4"));
    }

    [Fact]
    public void GoneGroups_AreForgotten_WhenThereAreTooMany()
    {
        TestController controller = TestController.Cluster(shards: 1, ControllerLimits.Default with { MaxGoneGroups = 3 });
        for (int gid = 2; gid < 10; gid++)
        {
            controller.Join(gid);
            controller.Leave(gid);
        }

        Assert.Equal([7, 8, 9], controller.Map.Gone.Select(group => group.Gid));
    }

    private (long Incarnation, GroupPhase Phase) Of(int gid)
    {
        GroupPlace group = _controller.Map.Find(gid)!.Value;
        return (group.Incarnation, group.Phase);
    }

    private void Retire(int gid)
    {
        _controller.CommitAll();
        _controller.Leave(gid);
        _controller.CommitAll();
        Assert.Null(_controller.Map.Find(gid));
    }
}
