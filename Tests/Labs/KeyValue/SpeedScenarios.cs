namespace Quorleans.Labs.KeyValue;

/// <summary>Lab 3: operations do not wait for heartbeats, and a log with snapshots stays small.</summary>
internal static class SpeedScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestSpeed3A", "3A", "One client, 1,000 appends, one after the other.", run => Speed(run, maxRaftState: -1)),
        new("TestSpeed3B", "3B", "The same with snapshots.", run => Speed(run, maxRaftState: 1000)),
        new("TestSnapshotSize3B", "3B", "800 operations on one key: log and snapshot stay small.", SnapshotSize),
        new("TestUnreliableOneKey3A", "3A", "Five clients append to one key on an unreliable network.", OneKey),
    ];

    private static async Task Speed(LabRun run, int maxRaftState)
    {
        const int operations = 1000;

        // Three operations in the time of a heartbeat.
        const double limitMs = 100.0 / 3;
        KeyValueLab lab = new(run, servers: 3, unreliable: false, maxRaftState);
        LabClerk clerk = lab.MakeClerk();
        await clerk.Get("x");
        double start = lab.NowMs;
        for (int i = 0; i < operations; i++) await clerk.Append("x", $"x 0 {i} y;");
        double each = (lab.NowMs - start) / operations;

        Appends.Check(await clerk.Get("x"), client: 0, operations);
        run.AtMost("virtual time of an append", each, limitMs, "ms");
        lab.CheckHistory();
    }

    private static async Task SnapshotSize(LabRun run)
    {
        const int maxRaftState = 1000, maxSnapshotBytes = 500;
        KeyValueLab lab = new(run, servers: 3, unreliable: false, maxRaftState);
        LabClerk clerk = lab.MakeClerk();
        double start = lab.NowMs;
        for (int i = 0; i < 200; i++)
        {
            await clerk.Put("x", "0");
            LabRun.Require(await clerk.Get("x") == "0", "A put is not read back.");
            await clerk.Put("x", "1");
            LabRun.Require(await clerk.Get("x") == "1", "A put is not read back.");
        }

        run.AtMost("virtual time of 800 operations", (lab.NowMs - start) / 1000, 20, "s");
        run.AtMost("live log of any server, without its snapshot", lab.MaxLogBytes, 8 * maxRaftState, "bytes");
        run.AtMost("largest snapshot file", lab.MaxSnapshotBytes, maxSnapshotBytes, "bytes");
        run.AtLeast("snapshots taken", lab.SnapshotsTaken, 1, "");
    }

    private static async Task OneKey(LabRun run)
    {
        const int clients = 5, appends = 10;
        KeyValueLab lab = new(run, servers: 3, unreliable: true);
        LabClerk clerk = lab.MakeClerk();
        await clerk.Put("k", "begin;");
        await Task.WhenAll(Enumerable.Range(0, clients).Select(Client));

        string value = await clerk.Get("k");
        for (int client = 0; client < clients; client++) Appends.Check(value, client, appends);
        run.Exactly("appends in the value", value.Count(c => c == 'y'), clients * appends, "");
        lab.CheckHistory();

        async Task Client(int me)
        {
            LabClerk mine = lab.MakeClerk();
            for (int i = 0; i < appends; i++) await mine.Append("k", $"x {me} {i} y;");
        }
    }
}
