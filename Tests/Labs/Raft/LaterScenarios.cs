namespace Quorleans.Labs.Raft;

/// <summary>Lab 2: what later years of the course added.</summary>
internal static class LaterScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestFollowerFailure2B", "later", "Followers fail one by one: two of three go on, one of three commits nothing.", FollowerFailure),
        new("TestLeaderFailure2B", "later", "Leaders fail one by one: two of three go on, one of three commits nothing.", LeaderFailure),
        new("TestSnapshotAllCrash2D", "later", "All crash after a few commands, five times: no index is lost.", SnapshotAllCrash),
        new("TestSnapshotInit2D", "later", "All crash right after a snapshot, and again after one more command.", SnapshotInit),
    ];

    private static async Task FollowerFailure(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(101, lab.Count, retry: false);
        int leader = await lab.CheckOneLeader();
        lab.Disconnect((leader + 1) % lab.Count);
        await lab.One(102, lab.Count - 1, retry: false);
        await lab.Sleep(Lab.ElectionTimeoutMs);
        await lab.One(103, lab.Count - 1, retry: false);

        leader = await lab.CheckOneLeader();
        lab.Disconnect((leader + 1) % lab.Count);
        lab.Disconnect((leader + 2) % lab.Count);
        Started lonely = await lab.Start(leader, 104);
        LabRun.Require(lonely.IsLeader, "A leader that was just cut off refuses a command.");
        run.Exactly("index given out without a majority", lonely.Index, 4, "");
        await lab.Sleep(2 * Lab.ElectionTimeoutMs);
        run.Exactly("servers that commit without a majority", lab.CommittedBy(lonely.Index, out _), 0, "");
    }

    private static async Task LeaderFailure(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(101, lab.Count, retry: false);
        lab.Disconnect(await lab.CheckOneLeader());
        await lab.One(102, lab.Count - 1, retry: true);
        await lab.Sleep(Lab.ElectionTimeoutMs);
        await lab.One(103, lab.Count - 1, retry: false);

        lab.Disconnect(await lab.CheckOneLeader());
        for (int i = 0; i < lab.Count; i++) await lab.Start(i, 104);
        await lab.Sleep(2 * Lab.ElectionTimeoutMs);
        run.Exactly("servers that commit without a majority", lab.CommittedBy(4, out _), 0, "");
    }

    private static async Task SnapshotAllCrash(LabRun run)
    {
        RaftLab lab = new(run, servers: 3, snapshots: true);
        await lab.One(run.Random.Next(), lab.Count, retry: true);
        for (int round = 0; round < 5; round++)
        {
            int commands = 5 + run.Random.Next(10);
            for (int i = 0; i < commands; i++) await lab.One(run.Random.Next(), lab.Count, retry: true);
            int before = await lab.One(run.Random.Next(), lab.Count, retry: true);
            CrashAndRestartAll(lab);
            int after = await lab.One(run.Random.Next(), lab.Count, retry: true);
            run.AtLeast("index after all crashed, beyond the one before", after - before, 1, "");
        }

        run.AtLeast("snapshots taken", lab.SnapshotsTaken, 3, "");
    }

    private static async Task SnapshotInit(LabRun run)
    {
        RaftLab lab = new(run, servers: 3, snapshots: true);
        int last = 0;
        while (lab.SnapshotsTaken < lab.Count) last = await lab.One(run.Random.Next(), lab.Count, retry: true);
        CrashAndRestartAll(lab);

        // Whoever does not load its snapshot again loses it with the next thing that it writes.
        int after = await lab.One(run.Random.Next(), lab.Count, retry: true);
        run.Exactly("index after all crashed, beyond the one before", after - last, 1, "");
        CrashAndRestartAll(lab);
        after = await lab.One(run.Random.Next(), lab.Count, retry: true);
        run.Exactly("index after all crashed again, beyond the first", after - last, 2, "");
    }

    private static void CrashAndRestartAll(RaftLab lab)
    {
        for (int i = 0; i < lab.Count; i++) lab.Crash(i);
        for (int i = 0; i < lab.Count; i++) lab.Restart(i);
        lab.ConnectAll();
    }
}
