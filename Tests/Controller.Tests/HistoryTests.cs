namespace Quorleans.KeyValue.Controller.Tests;

public sealed class HistoryTests
{
    [Fact]
    public void AnOldConfiguration_NeverChanges()
    {
        // C2: what a configuration holds is shared with no other.
        TestController controller = TestController.Labs();
        List<ShardConfiguration> asked = [controller.Query()];
        List<string> written = [Text(asked[0])];
        for (int gid = 1; gid <= 12; gid++)
        {
            controller.Join(gid);
            if (gid % 3 == 0) controller.Move(gid % 10, 1);
            if (gid % 4 == 0) controller.Leave(gid - 1);
            asked.Add(controller.Query());
            written.Add(Text(controller.Query()));
        }

        Assert.Equal(written, asked.Select(Text));
        Assert.Equal(written, asked.Select(configuration => Text(controller.Query(configuration.Number))));
    }

    [Fact]
    public void ANumberTooLargeOrMinusOne_IsTheNewest()
    {
        TestController controller = TestController.Cluster();
        controller.Join(2);
        Assert.Equal(2, controller.Query(-1).Number);
        Assert.Equal(2, controller.Query(3).Number);
        Assert.Equal(2, controller.Query(long.MaxValue).Number);
        Assert.Throws<ArgumentException>(() => controller.Query(-2));
    }

    [Fact]
    public void ConfigurationsBeyondTheLimit_AreCompacted()
    {
        TestController controller = TestController.Cluster(shards: 1, ControllerLimits.Default with { MaxConfigurations = 3 });
        for (int gid = 2; gid <= 6; gid++) controller.Join(gid);
        ConfigurationAnswer answer = controller.Ask(new ConfigurationQuery(3));
        Assert.Equal((ControllerStatus.Compacted, 4L), (answer.Status, answer.First));
        Assert.Null(answer.Configuration);
        Assert.Equal(4, controller.Query(4).Number);
        Assert.Equal(6, controller.Query().Number);
    }

    [Fact]
    public void LargeConfigurations_AreCompactedSooner_ButTheNewestStays()
    {
        TestController controller = TestController.Cluster(shards: 100, ControllerLimits.Default with { MaxHistoryCells = 250 });
        controller.Join(2);
        controller.Join(3);
        Assert.Equal(2, controller.Ask(new ConfigurationQuery(-1)).First);
        TestController tiny = TestController.Cluster(shards: 100, ControllerLimits.Default with { MaxHistoryCells = 1 });
        tiny.Join(2);
        Assert.Equal(2, tiny.Ask(new ConfigurationQuery(0)).First);
        Assert.Equal(2, tiny.Query().Number);
    }

    [Fact]
    public void TheMap_IsSentOnlyWhenItIsAnotherOne()
    {
        TestController controller = TestController.Cluster();
        MapAnswer first = controller.AskMap();
        Assert.NotNull(first.Map);
        Assert.Null(controller.AskMap(first.Revision).Map);
        controller.Send(new RebalanceCommand());
        Assert.Null(controller.AskMap(first.Revision).Map);
        controller.Join(2);
        Assert.NotNull(controller.AskMap(first.Revision).Map);
    }

    [Fact]
    public void APlan_ShowsWhatTheCommandThenDoes_AndChangesNothing()
    {
        TestController controller = TestController.Cluster(shards: 6);
        controller.Join(2);
        ControllerCommand[] commands =
        [
            ControllerCommand.Join(TestController.Group(3, "n1")), new MoveCommand(new ShardId(1), 3), ControllerCommand.Leave(1), new RebalanceCommand(),
            new MoveCommand(new ShardId(0), 2), new RebalanceCommand(), ControllerCommand.Join(TestController.Group(3, "n1")),
        ];
        foreach (ControllerCommand command in commands)
        {
            ShardMap before = controller.Map;
            PlanAnswer plan = controller.Plan(command);
            Assert.Same(before, controller.Map);
            ControllerResult result = controller.Send(command);
            Assert.Equal(result, plan.Result);
            Assert.Equal(
                Enumerable.Range(0, 6).Where(shard => before.Shards[shard].Target != controller.Map.Shards[shard].Target)
                    .Select(shard => new PlannedChange(new ShardId(shard), before.Shards[shard].Target, controller.Map.Shards[shard].Target, before.Shards[shard].Owner)),
                plan.Changes);
        }
    }

    private static string Text(ShardConfiguration configuration) => Convert.ToHexString(ControllerCodec.Encode(new ConfigurationAnswer(0, configuration)));
}
