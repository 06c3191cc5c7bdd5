using Quorleans.KeyValue;

namespace Quorleans.Labs.KeyValue;

/// <summary>Lab 3: what its tests miss.</summary>
internal static class BeyondScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        WorkloadScenarios.Of("TestPartitionedClientsLinearizable", "beyond", "Partitions cut clients off too, so that some meet only deposed leaders.",
            new(8, 5) { Unreliable = true, Partitions = true, PartitionsClients = true, RandomKeys = true }),
        new("TestPowerLossWhileWriting", "beyond", "All servers lose their power again and again, in the middle of writes.", PowerLoss),
        new("TestSessionsEnd", "beyond", "200 clients do one operation each and are gone: their sessions go too, and the snapshot is small again.", SessionsEnd),
    ];

    private static async Task PowerLoss(LabRun run)
    {
        const int clients = 4, losses = 20, maxRaftState = 1000;
        KeyValueLab lab = new(run, servers: 3, unreliable: false, maxRaftState);
        bool stop = false;
        int[] appended = new int[clients];
        Task all = Task.WhenAll(Enumerable.Range(0, clients).Select(Client));
        for (int loss = 0; loss < losses; loss++)
        {
            await lab.SleepUs(run.Random.Next(1_000_000));
            for (int i = 0; i < lab.Count; i++) lab.Crash(i);
            await lab.Sleep(20);
            for (int i = 0; i < lab.Count; i++) lab.Restart(i);
            lab.ConnectAll();
        }

        stop = true;
        await all;
        LabClerk reader = lab.MakeClerk();
        for (int client = 0; client < clients; client++) Appends.Check(await reader.Get("k"), client, appended[client]);
        run.AtLeast("appends acknowledged", appended.Sum(), 10 * clients, "");
        run.AtMost("live log of any server, without its snapshot", lab.MaxLogBytes, 8 * maxRaftState, "bytes");
        lab.CheckHistory();

        async Task Client(int me)
        {
            LabClerk clerk = lab.MakeClerk();
            while (!stop)
            {
                await clerk.Append("k", $"x {me} {appended[me]} y;");
                appended[me]++;
                await lab.SleepUs(run.Random.Next(20_000));
            }
        }
    }

    private static async Task SessionsEnd(LabRun run)
    {
        const int clients = 200, maxRaftState = 1000, retentionMs = 5000;
        KeyValueLab lab = new(run, servers: 3, unreliable: false, maxRaftState, new KeyValueLimits { ResultRetentionMs = retentionMs }) { OperationTimeout = TimeSpan.FromSeconds(2) };
        for (int i = 0; i < clients; i++) await lab.MakeClerk().Put("x", $"{i};");
        LabClerk clerk = lab.MakeClerk();
        await WriteFor(3);
        long full = lab.MaxSnapshotBytes;
        run.AtLeast("snapshot while 200 sessions may still be asked for", full, clients * 16, "bytes");

        await WriteFor(4 * retentionMs / 1000);
        run.AtMost("snapshot when they have ended", lab.MaxSnapshotBytes, 500, "bytes");

        async Task WriteFor(int seconds)
        {
            double end = lab.NowMs + (1000 * seconds);
            for (int i = 0; lab.NowMs < end; i++)
            {
                await clerk.Put("x", $"{lab.NowMs};");
                await lab.Sleep(50);
            }
        }
    }
}
