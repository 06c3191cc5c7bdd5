using Quorleans.KeyValue;

namespace Quorleans.Labs.Controller;

/// <summary>Lab 4A: the 11 sub-tests of its two functions, each from an empty controller, and one that the labs lack.</summary>
internal static class ControllerScenarios
{
    private static readonly int[] _ten = [.. Enumerable.Range(0, 10).Select(i => 100 + (10 * i))];
    private static readonly int[] _five = [11, 12, 13, 14, 15];

    internal static IEnumerable<Scenario> All =>
    [
        new("TestBasic4A.BasicLeaveJoin", "4A", "Groups join and leave; sets, server lists and balance are exact.", async run => await BasicLeaveJoin(new ControllerLab(run))),
        new("TestBasic4A.HistoricalQueries", "4A", "Each server is down in turn; old configurations are what they were.", HistoricalQueries),
        new("TestBasic4A.Move", "4A", "Every shard is moved by hand.", Move),
        new("TestBasic4A.ConcurrentLeaveJoin", "4A", "Ten clerks join two groups each and let one leave.", run => Concurrent(new ControllerLab(run), crashes: false)),
        new("TestBasic4A.MinimalTransfersAfterJoins", "4A", "Five more groups join ten; no shard moves that need not.", run => Minimal(run, multi: false, leaves: false)),
        new("TestBasic4A.MinimalTransfersAfterLeaves", "4A", "Five of fifteen leave; no shard moves that need not.", run => Minimal(run, multi: false, leaves: true)),
        new("TestMulti4A.MultiGroupJoinLeave", "4A", "Several groups join and leave in one call.", MultiGroupJoinLeave),
        new("TestMulti4A.ConcurrentMultiLeaveJoin", "4A", "Ten clerks join three groups at once and let two leave at once.", ConcurrentMulti),
        new("TestMulti4A.MinimalTransfersAfterMultijoins", "4A", "Five groups join ten in one call.", run => Minimal(run, multi: true, leaves: false)),
        new("TestMulti4A.MinimalTransfersAfterMultileaves", "4A", "Five of fifteen leave in one call.", run => Minimal(run, multi: true, leaves: true)),
        new("TestMulti4A.CheckSameConfigOnServers", "4A", "The leader goes down; the next one has the same configuration.", SameConfig),
    ];

    internal static IEnumerable<Scenario> Beyond =>
    [
        new("ControllerUnreliableCrashes", "beyond", "Ten clerks on an unreliable network, servers crash and catch up by snapshots; every command exactly once.",
            run => Concurrent(new ControllerLab(run, unreliable: true, maxRaftState: 400), crashes: true)),
    ];

    private static async Task<List<ShardConfiguration>> BasicLeaveJoin(ControllerLab lab)
    {
        ControllerClerk clerk = lab.MakeClerk();
        await lab.Check(clerk);
        List<ShardConfiguration> remembered = [await clerk.Query()];
        await clerk.Join(1);
        await lab.Check(clerk, 1);
        remembered.Add(await clerk.Query());
        await clerk.Join(2);
        await lab.Check(clerk, 1, 2);
        remembered.Add(await clerk.Query());
        await clerk.Leave(1);
        await lab.Check(clerk, 2);
        remembered.Add(await clerk.Query());
        await clerk.Leave(2);
        await lab.Check(clerk);
        remembered.Add(await clerk.Query());
        await clerk.Join(1);
        remembered.Add(await clerk.Query());
        await lab.CheckReplicas();
        return remembered;
    }

    private static async Task HistoricalQueries(LabRun run)
    {
        ControllerLab lab = new(run);
        List<ShardConfiguration> remembered = await BasicLeaveJoin(lab);
        LabRun.Require(remembered[0].Number == 0 && remembered[0].Groups.IsEmpty && remembered[0].Shards.All(gid => gid == 0), "Configuration 0 is not empty.");
        ControllerClerk clerk = lab.MakeClerk();
        for (int server = 0; server < lab.Count; server++)
        {
            lab.Crash(server);
            foreach (ShardConfiguration old in remembered) LabRun.Require(old.Equals(await clerk.Query(old.Number)), $"Configuration {old.Number} is another one with server {server} down.");
            lab.Restart(server);
            lab.Connect(server);
        }

        await lab.CheckReplicas();
    }

    private static async Task Move(LabRun run)
    {
        ControllerLab lab = new(run);
        ControllerClerk clerk = lab.MakeClerk();
        await clerk.Join(503);
        await clerk.Join(504);
        for (int shard = 0; shard < ControllerLab.Shards; shard++)
        {
            ShardConfiguration before = await clerk.Query();
            int gid = shard < 5 ? 503 : 504;
            await clerk.Move(shard, gid);
            if (before.Shards[shard] != gid) LabRun.Require((await clerk.Query()).Number > before.Number, "A move made no new configuration.");
        }

        ShardConfiguration moved = await clerk.Query();
        for (int shard = 0; shard < ControllerLab.Shards; shard++) LabRun.Require(moved.Shards[shard] == (shard < 5 ? 503 : 504), $"Shard {shard} is at {moved.Shards[shard]}.");
        await clerk.Leave(503);
        await clerk.Leave(504);
        await lab.Check(clerk);
    }

    private static async Task Concurrent(ControllerLab lab, bool crashes)
    {
        Task[] clerks = [.. _ten.Select(One)];
        if (crashes)
        {
            for (int i = 0; clerks.Any(clerk => !clerk.IsCompleted); i++)
            {
                await lab.Sleep(300 + lab.Run.Random.Next(700));
                int server = lab.Run.Random.Next(lab.Count);
                lab.Crash(server);
                await lab.Sleep(lab.Run.Random.Next(1500));
                lab.Restart(server);
                lab.Connect(server);
            }
        }

        await Task.WhenAll(clerks);
        lab.Network.Unreliable = false;
        ControllerClerk last = lab.MakeClerk();
        await lab.Check(last, _ten);
        lab.Run.Exactly("configurations for 30 commands", (await last.Query()).Number, 30, "");
        await lab.CheckReplicas();
        if (crashes) lab.Run.AtLeast("snapshots taken", lab.SnapshotsTaken, 1, "");

        async Task One(int gid)
        {
            ControllerClerk clerk = lab.MakeClerk();
            await clerk.Join(gid + 1000);
            await clerk.Join(gid);
            await clerk.Leave(gid + 1000);
        }
    }

    private static async Task MultiGroupJoinLeave(LabRun run)
    {
        ControllerLab lab = new(run);
        ControllerClerk clerk = lab.MakeClerk();
        await lab.Check(clerk);
        await clerk.Join(1, 2);
        await lab.Check(clerk, 1, 2);
        await clerk.Join(3);
        await lab.Check(clerk, 1, 2, 3);
        await clerk.Leave(1, 3);
        await lab.Check(clerk, 2);
        await clerk.Leave(2);
        await lab.Check(clerk);
    }

    private static async Task ConcurrentMulti(LabRun run)
    {
        ControllerLab lab = new(run);
        await Task.WhenAll(_ten.Select(One));
        await lab.Check(lab.MakeClerk(), _ten);
        await lab.CheckReplicas();

        async Task One(int gid)
        {
            ControllerClerk clerk = lab.MakeClerk();
            await clerk.Join(gid, gid + 1000, gid + 2000);
            await clerk.Leave(gid + 1000, gid + 2000);
        }
    }

    private static async Task Minimal(LabRun run, bool multi, bool leaves)
    {
        ControllerLab lab = new(run);
        ControllerClerk clerk = lab.MakeClerk();
        await clerk.Join(_ten);
        ShardConfiguration last = await clerk.Query();
        foreach (int[] gids in multi ? [_five] : _five.Select(gid => new[] { gid }))
        {
            await clerk.Join(gids);
            last = Compare(last, await clerk.Query());
        }

        await lab.Check(clerk, [.. _ten, .. _five]);
        if (!leaves) return;

        // Five that have shards, where the labs' leave as they joined, with none: then nothing would be tested.
        int[] leaving = [.. last.Shards.Distinct().Order().Take(5)];
        foreach (int[] gids in multi ? [leaving] : leaving.Select(gid => new[] { gid }))
        {
            await clerk.Leave(gids);
            last = Compare(last, await clerk.Query());
        }

        await lab.Check(clerk, [.. _ten.Concat(_five).Except(leaving)]);

        ShardConfiguration Compare(ShardConfiguration before, ShardConfiguration after)
        {
            lab.CheckMinimal(before, after);
            return after;
        }
    }

    private static async Task SameConfig(LabRun run)
    {
        ControllerLab lab = new(run);
        ControllerClerk clerk = lab.MakeClerk();
        await clerk.Join(_ten);
        await clerk.Move(3, _ten[0]);
        ShardConfiguration before = await clerk.Query();
        for (int i = 0; i < 3; i++)
        {
            int leader = await lab.Leader();
            lab.Crash(leader);
            LabRun.Require(before.Equals(await clerk.Query()), "The next leader has another configuration.");
            lab.Restart(leader);
            lab.Connect(leader);
        }

        await lab.CheckReplicas();
    }
}
