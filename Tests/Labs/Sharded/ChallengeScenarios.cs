using Quorleans.KeyValue;
using Quorleans.Labs.KeyValue;

namespace Quorleans.Labs.Sharded;

/// <summary>Lab 4B's challenges: what has moved is deleted; what is not concerned is served on.</summary>
internal static class ChallengeScenarios
{
    private const double OperationMs = 3000, JoinMs = 5000;

    internal static IEnumerable<Scenario> All =>
    [
        new("TestChallenge1Delete", "4B", "Shards of 30 KB move about; what nine servers keep stays bounded.", Delete),
        new("TestChallenge2Unaffected", "4B", "A group is dead and leaves: the shards that another had already are served.", Unaffected),
        new("TestChallenge2Partial", "4B", "A dead and a living group leave: what came from the living one is served.", Partial),
    ];

    private static async Task Delete(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: false, maxRaftState: 1);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 30, 1000);
        for (int round = 0; round < 2; round++)
        {
            await lab.Join(1);
            await lab.Leave(0);
            await lab.Join(2);
            await lab.Sleep(3000);
            await keys.CheckAll(clerk);
            await lab.Leave(1);
            await lab.Join(0);
            await lab.Leave(2);
            await lab.Sleep(3000);
            await keys.CheckAll(clerk);
        }

        await lab.Join(1);
        await lab.Join(2);
        await lab.Sleep(3000);
        await keys.CheckAll(clerk);
        // 27 keys' values once at each of a group's three servers, room for two more of each of a client's and the servers' own.
        run.AtMost("bytes that nine servers keep", lab.StoredBytes, 3 * ((27 * 1000) + (2 * 3 * 1000) + 6000), "bytes");
        await keys.CheckAll(clerk);
        lab.CheckHistory();
    }

    private static async Task Unaffected(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: true, maxRaftState: 100);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 5);
        double joins = lab.NowMs;
        await lab.Join(1);
        ShardConfiguration configuration = await lab.Admin.Query();
        await lab.Sleep(1000);
        // The labs' second group runs from the beginning; here it comes into being, and elects its first leader, within that second.
        await lab.Settled();
        run.AtMost("from the join until the new group serves all its shards", lab.NowMs - joins, JoinMs, "ms");
        int[] unaffected = [.. Enumerable.Range(0, keys.Count).Where(key => configuration.Shards[KeySet.ShardOf(key)] == 101)];
        run.Exactly("keys of unaffected shards, all of them used", unaffected.Length, 5, "");
        foreach (int key in unaffected) await keys.Put(clerk, key, 5);
        lab.ShutDownGroup(0);
        await lab.Leave(0);
        await lab.Sleep(1000);
        await Use(lab, clerk, keys, unaffected);
        lab.CheckHistory();
    }

    private static async Task Partial(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: true, maxRaftState: 100);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0, 1, 2);
        await lab.Sleep(1000);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 5);
        ShardConfiguration before = await lab.Admin.Query();
        int[] moved = [.. Enumerable.Range(0, keys.Count).Where(key => before.Shards[KeySet.ShardOf(key)] == 102)];
        run.AtLeast("keys that come from the living group, all of them used", moved.Length, 3, "");
        lab.ShutDownGroup(0);
        await lab.Leave(0, 2);
        await lab.Sleep(1000);
        await Use(lab, clerk, keys, moved);
        lab.CheckHistory();
    }

    private static async Task Use(ShardedLab lab, LabClerk clerk, KeySet keys, int[] which)
    {
        foreach (int key in which)
        {
            await Timed(lab, keys.Check(clerk, key));
            await Timed(lab, keys.Put(clerk, key, 5));
            await Timed(lab, keys.Check(clerk, key));
        }
    }

    // The labs demand only that they end. One of ten packets is lost, and a shard may be on its way.
    private static async Task Timed(ShardedLab lab, Task operation)
    {
        double begin = lab.NowMs;
        await operation;
        lab.Run.AtMost("longest operation on a shard that can be served", lab.NowMs - begin, OperationMs, "ms");
    }
}
