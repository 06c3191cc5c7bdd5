namespace Quorleans.KeyValue.Controller.Tests;

public sealed class MoveTests
{
    [Fact]
    public void Genesis_IsConfiguration1_WithOneGroupThatOwnsEverythingAtEpoch1()
    {
        TestController controller = TestController.Cluster();
        ShardMap map = controller.Map;
        Assert.Equal(1, map.Number);
        Assert.All(map.Shards, shard => Assert.Equal(new ShardPlace(1, 1, 1, 0, 0), shard));
        GroupPlace group = Assert.Single(map.Groups);
        Assert.Equal((1, 1L, GroupPhase.Active), (group.Gid, group.Incarnation, group.Phase));
        Assert.Equal([TestController.Node(1), TestController.Node(2), TestController.Node(3)], group.Nodes);
        Assert.Empty(controller.Query(0).Groups);
    }

    [Fact]
    public void Join_PlansMoves_ThatLeaveTheOwnerWhereItIsUntilTheyAreCommitted()
    {
        TestController controller = TestController.Cluster(shards: 4);
        Assert.Equal(2, controller.Join(2).Number);
        long index = controller.LastIndex;
        ShardPlace[] moving = [.. controller.Map.Shards.Where(shard => shard.IsMoving)];
        Assert.Equal(2, moving.Length);
        Assert.All(moving, shard => Assert.Equal(new ShardPlace(1, 1, 2, index, 2), shard));
        int first = controller.Map.Shards.IndexOf(moving[0]);
        Assert.Equal(ControllerStatus.Ok, controller.Commit(first).Status);
        Assert.Equal(new ShardPlace(2, 2, 2, 0, 0), controller.Map.Shards[first]);
        Assert.Equal(2, controller.Map.Number);
        Assert.Single(controller.Map.Shards, shard => shard.IsMoving);
    }

    [Fact]
    public void Bootstrap_GoesFromNobody_ToEpoch1()
    {
        TestController controller = TestController.Labs();
        controller.Join(7);
        Assert.All(controller.Map.Shards, shard => Assert.Equal((0, 0L, 7), (shard.Owner, shard.Epoch, shard.MoveTo)));
        controller.CommitAll();
        Assert.All(controller.Map.Shards, shard => Assert.Equal(new ShardPlace(7, 1, 7, 0, 0), shard));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ARepeatedOrLateReport_ChangesNothing(bool committed)
    {
        TestController controller = TestController.Cluster(shards: 2);
        controller.Join(2);
        int shard = controller.Map.Shards[0].IsMoving ? 0 : 1;
        var report = new MoveOverCommand(new ShardId(shard), controller.Map.Shards[shard].Move, true);
        controller.Report(report);
        ShardMap map = controller.Map;
        Assert.Equal(ControllerStatus.NotCurrent, controller.Report(report with { IsCommitted = committed }).Status);
        Assert.Equal(map, controller.Map);
        controller.Move(shard, 1);
        map = controller.Map;
        Assert.Equal(ControllerStatus.NotCurrent, controller.Report(report with { IsCommitted = committed }).Status);
        Assert.Equal(ControllerStatus.NotCurrent, controller.Report(report with { Move = 0, IsCommitted = committed }).Status);
        Assert.Same(map, controller.Map);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LeaveOfADestination_IsSettledByWhatTheSourcesLogDecided(bool committed)
    {
        TestController controller = TestController.Cluster(shards: 1);
        controller.Join(2);
        controller.Move(0, 2);
        long move = controller.Map.Shards[0].Move;
        controller.Leave(2);
        Assert.Equal(new ShardPlace(1, 1, 1, move, 2), controller.Map.Shards[0]);
        Assert.True(controller.Map.Shards[0].ShouldAbort);
        Assert.Equal(GroupPhase.Leaving, controller.Map.Find(2)!.Value.Phase);
        if (!committed)
        {
            controller.Abort(0);
            Assert.Equal(new ShardPlace(1, 1, 1, 0, 0), controller.Map.Shards[0]);
            Assert.Null(controller.Map.Find(2));
            return;
        }

        controller.Commit(0);
        Assert.Equal(new ShardPlace(2, 2, 1, controller.LastIndex, 1), controller.Map.Shards[0]);
        Assert.Equal(GroupPhase.Leaving, controller.Map.Find(2)!.Value.Phase);
        controller.Commit(0);
        Assert.Equal(new ShardPlace(1, 3, 1, 0, 0), controller.Map.Shards[0]);
        Assert.Null(controller.Map.Find(2));
    }

    [Fact]
    public void AnAbortedMove_ThatIsStillWanted_IsPlannedAgainUnderANewId()
    {
        TestController controller = TestController.Cluster(shards: 1);
        controller.Join(2);
        controller.Move(0, 2);
        long move = controller.Map.Shards[0].Move;
        controller.Abort(0);
        Assert.Equal(new ShardPlace(1, 1, 2, controller.LastIndex, 2), controller.Map.Shards[0]);
        Assert.NotEqual(move, controller.Map.Shards[0].Move);
    }

    [Fact]
    public void TenReconfigurationsInARow_LeaveAMoveThatIsOnItsWayAlone()
    {
        // S9: what is on its way is ended first; then the shard goes straight to where it shall be, in one step of the epoch.
        TestController controller = TestController.Cluster(shards: 2);
        controller.Join(2);
        int shard = controller.Map.Shards[0].IsMoving ? 0 : 1;
        ShardPlace moving = controller.Map.Shards[shard];
        for (int gid = 3; gid <= 12; gid++)
        {
            controller.Join(gid);
            controller.Move(shard, gid);
            Assert.Equal(moving with { Target = gid }, controller.Map.Shards[shard]);
            if (gid % 2 == 0) controller.Leave(gid - 1);
        }

        controller.Commit(shard);
        Assert.Equal((2, 2L, 12), (controller.Map.Shards[shard].Owner, controller.Map.Shards[shard].Epoch, controller.Map.Shards[shard].MoveTo));
    }

    [Fact]
    public void AMove_IsRememberedUntilTheNextRebalance_AndUndoneByIt()
    {
        TestController controller = TestController.Cluster(shards: 4);
        controller.Join(2);
        for (int shard = 0; shard < 4; shard++) controller.Move(shard, 2);
        controller.CommitAll();
        Assert.Equal([2, 2, 2, 2], controller.Query().Shards);
        Assert.Equal(ControllerStatus.Ok, controller.Send(new RebalanceCommand()).Status);
        Assert.Equal(2, controller.Query().Shards.Count(gid => gid == 1));
        long number = controller.Map.Number;
        Assert.Equal(number, controller.Send(new RebalanceCommand()).Number);
    }

    [Fact]
    public void AMoveToWhereItIs_IsNoNewConfiguration()
    {
        TestController controller = TestController.Cluster();
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 1), controller.Move(5, 1));
    }

    [Fact]
    public void LeaveThatFollowsAJoinAtOnce_SendsNoShardAwayFromItsOwner()
    {
        TestController controller = TestController.Cluster();
        controller.Join(2);
        controller.CommitAll();
        controller.Join(3);
        controller.Leave(3);
        Assert.All(controller.Map.Shards, shard => Assert.Equal(shard.Owner, shard.Target));
        while (controller.Map.Shards.FirstOrDefault(shard => shard.IsMoving) is { IsMoving: true } moving) controller.Abort(controller.Map.Shards.IndexOf(moving));
        Assert.Null(controller.Map.Find(3));
    }

    [Fact]
    public void TheView_TellsTheDriversWhatIsOnItsWay()
    {
        TestController controller = TestController.Cluster(shards: 2);
        controller.Join(2);
        long join = controller.LastIndex;
        int shard = controller.Map.Shards[0].IsMoving ? 0 : 1;
        ShardMove move = new(join, new ShardId(shard), new GroupRef(1, 1), new GroupRef(2, join), 2);
        Assert.Equal(new MoveOrder(move), Assert.Single(controller.Map.ToView().Moves));
        Assert.Equal([1, 1], controller.Map.ToView().Epochs);
        controller.Leave(2);
        Assert.Equal(new MoveOrder(move, AbortWanted: true), Assert.Single(controller.Map.ToView().Moves));
        Assert.Equal(controller.LastIndex, controller.Map.ToView().Index);
        TestController labs = TestController.Labs(1);
        labs.Join(5);
        Assert.Equal(new MoveOrder(new ShardMove(labs.LastIndex, new ShardId(0), GroupRef.None, new GroupRef(5, labs.LastIndex), 1)), Assert.Single(labs.Map.ToView().Moves));
    }
}
