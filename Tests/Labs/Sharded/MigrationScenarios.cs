using Quorleans.Labs.KeyValue;

namespace Quorleans.Labs.Sharded;

/// <summary>Lab 4B: shards that stand still, move, and move with servers that miss it.</summary>
internal static class MigrationScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestStaticShards", "4B", "Two groups; one is down: half of the keys can be read.", StaticShards),
        new("TestJoinLeave", "4B", "A group joins, the other leaves and is shut down a second later.", JoinLeave),
        new("TestSnapshot", "4B", "Groups join and leave, then all restart from their snapshots.", Snapshot),
        new("TestMissChange", "4B", "Servers of every group are down while groups join and leave.", MissChange),
        new("TestUnreliable1", "4B", "Groups join and leave on an unreliable network.", Unreliable1),
    ];

    private static async Task StaticShards(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: false, maxRaftState: -1);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        await lab.Join(1);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 20);
        await keys.CheckAll(clerk);
        // The labs' shards stand still; here the second group's are on their way to it for a moment.
        await lab.Sleep(1000);
        lab.ShutDownGroup(1);
        lab.CheckLogs();
        int done = 0;
        for (int i = 0; i < keys.Count; i++) _ = One(i);
        await lab.Sleep(2000);
        run.Exactly("reads that end with one of two groups down", done, 5, "");
        lab.StartGroup(1);
        await keys.CheckAll(clerk);
        lab.CheckHistory();

        async Task One(int key)
        {
            await keys.Check(lab.MakeClerk(), key);
            done++;
        }
    }

    private static async Task JoinLeave(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: false, maxRaftState: -1);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 5);
        await keys.CheckAll(clerk);
        await lab.Join(1);
        await keys.CheckAndAppendAll(clerk, 5);
        await lab.Leave(0);
        await keys.CheckAndAppendAll(clerk, 5);
        await lab.Sleep(1000);
        lab.CheckLogs();
        lab.ShutDownGroup(0);
        await keys.CheckAll(clerk);
        lab.CheckHistory();
    }

    private static async Task Snapshot(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: false, maxRaftState: 1000);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 30, 20);
        await keys.CheckAll(clerk);
        await lab.Join(1);
        await lab.Join(2);
        await lab.Leave(0);
        await keys.CheckAndAppendAll(clerk, 20);
        await lab.Leave(1);
        await lab.Join(0);
        await keys.CheckAndAppendAll(clerk, 20);
        await lab.Sleep(1000);
        await keys.CheckAll(clerk);
        await lab.Sleep(1000);
        lab.CheckLogs();
        run.AtLeast("snapshots taken", lab.SnapshotsTaken, 1, "");
        for (int group = 0; group < 3; group++) lab.ShutDownGroup(group);
        for (int group = 0; group < 3; group++) lab.StartGroup(group);
        await keys.CheckAll(clerk);
        lab.CheckHistory();
    }

    private static async Task MissChange(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: false, maxRaftState: 1000);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 20);
        await keys.CheckAll(clerk);
        await lab.Join(1);
        for (int group = 0; group < 3; group++) lab.ShutDown(group, 0);
        await lab.Join(2);
        await lab.Leave(1);
        await lab.Leave(0);
        await keys.CheckAndAppendAll(clerk, 20);
        await lab.Join(1);
        await keys.CheckAndAppendAll(clerk, 20);
        for (int group = 0; group < 3; group++) lab.Start(group, 0);
        await keys.CheckAndAppendAll(clerk, 20);
        await lab.Sleep(2000);
        for (int group = 0; group < 3; group++) lab.ShutDown(group, 1);
        await lab.Join(0);
        await lab.Leave(2);
        await keys.CheckAndAppendAll(clerk, 20);
        for (int group = 0; group < 3; group++) lab.Start(group, 1);
        await keys.CheckAll(clerk);
        lab.CheckLogs();
        lab.CheckHistory();
    }

    private static async Task Unreliable1(LabRun run)
    {
        ShardedLab lab = new(run, unreliable: true, maxRaftState: 100);
        await lab.Ready();
        LabClerk clerk = lab.MakeClerk();
        await lab.Join(0);
        KeySet keys = await KeySet.Put(lab, clerk, 10, 5);
        await lab.Join(1);
        await lab.Join(2);
        await lab.Leave(0);
        for (int i = 0; i < 2; i++) await keys.CheckAndAppendAll(clerk, 5);
        await lab.Join(0);
        await lab.Leave(1);
        for (int i = 0; i < 2; i++) await keys.CheckAll(clerk);
        lab.CheckLogs();
        lab.CheckHistory();
    }
}
