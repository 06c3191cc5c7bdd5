namespace Quorleans.Labs.Raft;

/// <summary>Lab 2C, first half: what was agreed on survives crashes. A crash here is harder than the labs': see <see cref="Lab.Crash(int)"/>.</summary>
internal static class PersistenceScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestPersist12C", "2C", "All restart; then the leader; then a leader and a follower that missed something.", Persist1),
        new("TestPersist22C", "2C", "5 servers, 5 rounds of minorities that go and majorities that restart.", Persist2),
        new("TestPersist32C", "2C", "Two of three commit and crash; one of them comes back to the one that missed it.", Persist3),
    ];

    private static async Task Persist1(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(11, lab.Count, retry: true);
        for (int i = 0; i < lab.Count; i++) lab.Crash(i);
        for (int i = 0; i < lab.Count; i++) lab.Restart(i);
        for (int i = 0; i < lab.Count; i++) lab.Connect(i);
        await lab.One(12, lab.Count, retry: true);

        int leader = await lab.CheckOneLeader();
        lab.CrashAndRestart(leader);
        lab.Connect(leader);
        await lab.One(13, lab.Count, retry: true);

        leader = await lab.CheckOneLeader();
        lab.Disconnect(leader);
        await lab.One(14, lab.Count - 1, retry: true);
        lab.CrashAndRestart(leader);
        lab.Connect(leader);
        await lab.Wait(4, lab.Count);

        int follower = (await lab.CheckOneLeader() + 1) % lab.Count;
        lab.Disconnect(follower);
        await lab.One(15, lab.Count - 1, retry: true);
        lab.CrashAndRestart(follower);
        lab.Connect(follower);
        int last = await lab.One(16, lab.Count, retry: true);
        run.Exactly("index of the sixth command", last, 6, "");
    }

    private static async Task Persist2(LabRun run)
    {
        RaftLab lab = new(run, servers: 5);
        int command = 1;
        for (int round = 0; round < 5; round++)
        {
            await lab.One(10 + command++, lab.Count, retry: true);
            int leader = await lab.CheckOneLeader();
            int At(int offset) => (leader + offset) % lab.Count;

            lab.Disconnect(At(1));
            lab.Disconnect(At(2));
            await lab.One(10 + command++, lab.Count - 2, retry: true);
            lab.Disconnect(At(0));
            lab.Disconnect(At(3));
            lab.Disconnect(At(4));

            lab.CrashAndRestart(At(1));
            lab.CrashAndRestart(At(2));
            lab.Connect(At(1));
            lab.Connect(At(2));
            await lab.Sleep(Lab.ElectionTimeoutMs);
            lab.CrashAndRestart(At(3));
            lab.Connect(At(3));
            await lab.One(10 + command++, lab.Count - 2, retry: true);

            lab.Connect(At(4));
            lab.Connect(At(0));
        }

        await lab.One(1000, lab.Count, retry: true);
    }

    private static async Task Persist3(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(101, lab.Count, retry: true);
        int leader = await lab.CheckOneLeader();
        int At(int offset) => (leader + offset) % lab.Count;
        lab.Disconnect(At(2));
        int committed = await lab.One(102, 2, retry: true);

        lab.Crash(At(0));
        lab.Crash(At(1));
        lab.Connect(At(2));
        lab.Restart(At(0));
        lab.Connect(At(0));
        await lab.One(103, 2, retry: true);
        LabRun.Require(lab.CommittedBy(committed, out long value) == 2 && value == 102, "What two of three had committed is gone.");

        lab.Restart(At(1));
        lab.Connect(At(1));
        await lab.One(104, lab.Count, retry: true);
    }
}
