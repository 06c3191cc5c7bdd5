namespace Quorleans.KeyValue.Controller.Tests;

/// <summary>
/// The 11 sub-tests of lab 4A at the level of the state machine: three replicas, 10 shards. "At the same time" is every clerk's commands in an order
/// drawn from a seed. The minimal-transfer rule is checked on the groups that there are, and by the exact number of changes, where the labs' own check of 2021 looks at gids that do not exist.
/// </summary>
public sealed class LabTests
{
    private static readonly string[] _servers1 = ["x", "y", "z"], _servers2 = ["a", "b", "c"], _servers3 = ["j", "k", "l"];
    private readonly TestController _controller = TestController.Labs();

    [Fact]
    public void TestBasic_BasicLeaveJoin() => BasicLeaveJoin();

    [Fact]
    public void TestBasic_HistoricalQueries()
    {
        ShardConfiguration[] remembered = BasicLeaveJoin();
        for (int replica = 0; replica < 3; replica++)
        {
            foreach (ShardConfiguration configuration in remembered)
            {
                _controller.Stop(replica);
                Assert.Equal(configuration, _controller.Query(configuration.Number));
                _controller.Start(replica, fromSnapshot: configuration.Number % 2 == 0);
                Assert.Equal(configuration, _controller.Query(configuration.Number));
            }
        }

        ShardConfiguration zero = _controller.Query(0);
        Assert.Empty(zero.Groups);
        Assert.All(zero.Shards, gid => Assert.Equal(0, gid));
    }

    [Fact]
    public void TestBasic_Move()
    {
        Join(503, ["3a", "3b", "3c"]);
        Join(504, ["4a", "4b", "4c"]);
        for (int shard = 0; shard < 10; shard++)
        {
            ShardConfiguration before = _controller.Query();
            int gid = shard < 5 ? 503 : 504;
            Assert.Equal(ControllerStatus.Ok, _controller.Move(shard, gid).Status);
            if (before.Shards[shard] != gid) Assert.True(_controller.Query().Number > before.Number);
        }

        Assert.Equal([503, 503, 503, 503, 503, 504, 504, 504, 504, 504], _controller.Query().Shards);
        Leave(503);
        Leave(504);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void TestBasic_ConcurrentLeaveJoin(int seed)
    {
        Interleave(seed, (clerk, gid) =>
        [
            () => clerk.Send(ControllerCommand.Join(Servers(gid + 1000))),
            () => clerk.Send(ControllerCommand.Join(Servers(gid))),
            () => clerk.Send(ControllerCommand.Leave(gid + 1000)),
        ]);
        Check(TenGids());
    }

    [Fact]
    public void TestBasic_MinimalTransfersAfterJoins()
    {
        JoinTen();
        for (int i = 0; i < 5; i++) MinimalJoin(11 + i);
        Check([.. TenGids(), 11, 12, 13, 14, 15]);
    }

    [Fact]
    public void TestBasic_MinimalTransfersAfterLeaves()
    {
        JoinTen();
        for (int i = 0; i < 5; i++) Join(11 + i, _servers1);
        for (int i = 0; i < 5; i++) MinimalLeave(11 + i);
        Check(TenGids());
        foreach (int gid in TenGids()[1..]) MinimalLeave(gid);
    }

    [Fact]
    public void TestMulti_MultiGroupJoinLeave()
    {
        Ok(_controller.Join(TestController.Group(1, _servers1), TestController.Group(2, _servers2)));
        Check([1, 2]);
        Join(3, _servers3);
        Check([1, 2, 3]);
        ShardConfiguration configuration = _controller.Query();
        Assert.Equal(_servers1, configuration.Find(1)!.Value.Nodes);
        Assert.Equal(_servers2, configuration.Find(2)!.Value.Nodes);
        Assert.Equal(_servers3, configuration.Find(3)!.Value.Nodes);
        Leave(1, 3);
        Check([2]);
        Assert.Equal(_servers2, _controller.Query().Find(2)!.Value.Nodes);
        Leave(2);
        Check([]);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void TestMulti_ConcurrentMultiLeaveJoin(int seed)
    {
        Interleave(seed, (clerk, gid) =>
        [
            () => clerk.Send(ControllerCommand.Join(Servers(gid), Servers(gid + 1000), Servers(gid + 2000))),
            () => clerk.Send(ControllerCommand.Leave(gid + 1000, gid + 2000)),
        ]);
        Check(TenGids());
    }

    [Fact]
    public void TestMulti_MinimalTransfersAfterMultijoins()
    {
        JoinTen();
        MinimalJoin(11, 12, 13, 14, 15);
    }

    [Fact]
    public void TestMulti_MinimalTransfersAfterMultileaves()
    {
        JoinTen();
        MinimalJoin(11, 12, 13, 14, 15);
        MinimalLeave(11, 12, 13, 14, 15);
        MinimalLeave(TenGids()[3..]);
    }

    [Fact]
    public void TestMulti_CheckSameConfigOnServers()
    {
        JoinTen();
        Ok(_controller.Move(3, TenGids()[0]));
        ShardConfiguration before = _controller.Query();
        _controller.Stop(0);
        Assert.Equal(before, _controller.Query());
        _controller.Stop(1);
        Assert.Equal(before, _controller.Query());
    }

    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    private ShardConfiguration[] BasicLeaveJoin()
    {
        List<ShardConfiguration> remembered = [_controller.Query()];
        Check([]);
        Join(1, _servers1);
        Check([1]);
        remembered.Add(_controller.Query());
        Join(2, _servers2);
        Check([1, 2]);
        remembered.Add(_controller.Query());
        Assert.Equal(_servers1, _controller.Query().Find(1)!.Value.Nodes);
        Assert.Equal(_servers2, _controller.Query().Find(2)!.Value.Nodes);
        Leave(1);
        Check([2]);
        remembered.Add(_controller.Query());
        Leave(2);
        Check([]);
        remembered.Add(_controller.Query());
        Join(1, _servers1);
        Check([1]);
        remembered.Add(_controller.Query());
        return [.. remembered];
    }

    private void Check(int[] gids)
    {
        ShardConfiguration configuration = _controller.Query();
        Assert.Equal(gids.Order(), configuration.Groups.Select(group => group.Gid));
        if (gids.Length == 0)
        {
            Assert.All(configuration.Shards, gid => Assert.Equal(0, gid));
            return;
        }

        Assert.All(configuration.Shards, gid => Assert.Contains(gid, gids));
        int[] counts = [.. gids.Select(gid => configuration.Shards.Count(gid.Equals))];
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    private void MinimalJoin(params int[] gids)
    {
        ShardConfiguration before = _controller.Query();
        Ok(_controller.Join([.. gids.Select(gid => Servers(gid))]));
        ShardConfiguration after = _controller.Query();
        Check([.. after.Groups.Select(group => group.Gid)]);
        // A group that was there gets no shard that it had not.
        for (int shard = 0; shard < 10; shard++) Assert.True(after.Shards[shard] == before.Shards[shard] || gids.Contains(after.Shards[shard]));
        Assert.Equal(gids.Sum(gid => after.Shards.Count(gid.Equals)), Changes(before, after));
        Assert.Equal(Math.Max(0, LeastTo(before, gids)), Changes(before, after));
    }

    private void MinimalLeave(params int[] gids)
    {
        ShardConfiguration before = _controller.Query();
        Leave(gids);
        ShardConfiguration after = _controller.Query();
        Check([.. after.Groups.Select(group => group.Gid)]);
        // Only shards of groups that left go elsewhere, as long as nobody has too many; here the counts were even, so nobody has.
        for (int shard = 0; shard < 10; shard++) Assert.True(after.Shards[shard] == before.Shards[shard] || gids.Contains(before.Shards[shard]));
        Assert.Equal(gids.Sum(gid => before.Shards.Count(gid.Equals)), Changes(before, after));
    }

    // The surplus of the groups that were there over what they may keep.
    private static int LeastTo(ShardConfiguration before, int[] joining)
    {
        int groups = before.Groups.Length + joining.Length, low = 10 / groups, large = 10 % groups;
        int[] counts = [.. before.Groups.Select(group => before.Shards.Count(group.Gid.Equals))];
        return 10 - counts.Sum(count => Math.Min(count, low)) - Math.Min(large, counts.Count(count => count > low));
    }

    private static int Changes(ShardConfiguration before, ShardConfiguration after) => Enumerable.Range(0, 10).Count(shard => before.Shards[shard] != after.Shards[shard]);

    private static int[] TenGids() => [.. Enumerable.Range(0, 10).Select(i => 100 + 10 * i)];

    private static JoiningGroup Servers(int gid) => TestController.Group(gid, $"s{gid}a", $"s{gid}b", $"s{gid}c");

    private void JoinTen()
    {
        foreach (int gid in TenGids()) Ok(_controller.Join(Servers(gid)));
        Check(TenGids());
    }

    private void Join(int gid, string[] servers) => Ok(_controller.Join(TestController.Group(gid, servers)));

    private void Leave(params int[] gids) => Ok(_controller.Leave(gids));

    private static void Ok(ControllerResult result) => Assert.Equal(ControllerStatus.Ok, result.Status);

    // Ten clerks, each with its own commands in its own order, every command sent twice: once because the reply was "lost" (C4).
    private void Interleave(int seed, Func<Clerk, int, Func<ControllerResult>[]> commandsOf)
    {
        var random = new Random(seed);
        var waiting = new List<Queue<Func<ControllerResult>>>();
        for (int i = 0; i < 10; i++) waiting.Add(new Queue<Func<ControllerResult>>(commandsOf(new Clerk(_controller, i + 2), TenGids()[i])));
        while (waiting.Count > 0)
        {
            int next = random.Next(waiting.Count);
            Ok(waiting[next].Dequeue()());
            if (waiting[next].Count == 0) waiting.RemoveAt(next);
        }
    }

    private sealed class Clerk(TestController controller, int id)
    {
        private long _sequence;

        public ControllerResult Send(ControllerCommand command)
        {
            var session = new CommandSession(new ClientId((UInt128)id), ++_sequence, _sequence - 1);
            ControllerResult first = controller.Send(session, command);
            Assert.Equal(first, controller.Send(session, command));
            return first;
        }
    }
}
