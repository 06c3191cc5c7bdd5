namespace Quorleans.KeyValue.Controller.Tests;

/// <summary>Long random lives of a controller; <see cref="TestController"/> checks the invariants and the replicas' agreement after every entry.</summary>
public sealed class RandomTests
{
    [Theory]
    [MemberData(nameof(Seeds))]
    public void EveryLife_KeepsTheInvariants_AndSettlesOnceMovesEnd(int seed)
    {
        var random = new Random(seed);
        TestController controller = random.Next(2) == 0 ? TestController.Labs(1 + random.Next(20)) : TestController.Cluster(1 + random.Next(20));
        var reports = new List<ControllerCommand>();
        int down = -1;
        for (int step = 0; step < 300; step++)
        {
            controller.Now += random.Next(500);
            down = Disturb(controller, random, down);
            if (random.Next(3) > 0) Report(controller, random, reports);
            else Command(controller, random);
        }

        foreach (int replica in (int[])[0, 1, 2]) controller.Start(replica);
        controller.CommitAll();
        Assert.All(controller.Map.Shards, shard => Assert.True(shard.Target == 0 || shard.Owner == shard.Target));
        Assert.All(controller.Map.Groups, group => Assert.True(group.IsMember || controller.Map.Shards.Any(shard => shard.Owner == group.Gid && shard.Target == 0)));
        Assert.Equal(controller.Map.Groups.Where(group => group.IsMember).Select(group => group.Gid), controller.Query().Groups.Select(group => group.Gid));
    }

    [Fact]
    public void TheSameLog_GivesTheSameState_InEveryProcess()
    {
        // C1: recorded once; anything that depends on a process's hashes or orders would differ in the next run.
        TestController controller = TestController.Labs(64);
        var random = new Random(7);
        for (int step = 0; step < 200; step++) Command(controller, random);
        Assert.Equal("a69d36fa1cf5956767840e09d511370e", controller.Machine.Digest.ToString("x32", null));
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    private static void Command(TestController controller, Random random)
    {
        int gid = 1 + random.Next(8);
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                controller.Join(TestController.Group(gid, [.. Enumerable.Range(1, 1 + random.Next(3)).Select(i => $"n{i}")]));
                break;
            case 3 or 4:
                controller.Leave(gid);
                break;
            case 5:
                controller.Leave(gid, 1 + random.Next(8));
                break;
            case 6:
                controller.Move(random.Next(controller.Map.Shards.Length), gid);
                break;
            default:
                controller.Send(new RebalanceCommand());
                break;
        }
    }

    private static void Report(TestController controller, Random random, List<ControllerCommand> reports)
    {
        int shard = random.Next(controller.Map.Shards.Length);
        GroupPlace? group = controller.Map.Find(1 + random.Next(8));
        ControllerCommand? report = random.Next(8) switch
        {
            < 4 => new MoveOverCommand(new ShardId(shard), controller.Map.Shards[shard].Move, random.Next(3) > 0),
            4 when group is { } found => new GroupActiveCommand(found.Gid, found.Incarnation),
            5 when group is { } found => new MembersChangedCommand(found.Gid, found.Incarnation, found.Version + random.Next(2), [TestController.Node(1 + random.Next(4))]),
            6 when controller.Map.Gone.Length > 0 => new GroupCleanedCommand(controller.Map.Gone[0].Gid, controller.Map.Gone[0].Incarnation, controller.Map.Gone[0].Nodes[0].Name),
            // One that was sent before comes again, late.
            _ when reports.Count > 0 => reports[random.Next(reports.Count)],
            _ => null,
        };
        if (report is null) return;
        bool again = reports.Contains(report);
        reports.Add(report);
        ShardMap before = controller.Map;
        ControllerResult result = controller.Report(report);
        if (again && report is MoveOverCommand) Assert.True(result.Status == ControllerStatus.NotCurrent && ReferenceEquals(before, controller.Map));
    }

    // One replica at a time is down, for some entries; then it comes back with nothing, and catches up from the log or another one's snapshot.
    private static int Disturb(TestController controller, Random random, int down)
    {
        if (random.Next(8) > 0) return down;
        if (down >= 0)
        {
            controller.Start(down, fromSnapshot: random.Next(2) == 0);
            return -1;
        }

        down = random.Next(3);
        controller.Stop(down);
        return down;
    }
}
