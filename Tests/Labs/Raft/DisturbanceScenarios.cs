namespace Quorleans.Labs.Raft;

/// <summary>Lab 2C, second half: crashes, partitions and bad networks, for long.</summary>
internal static class DisturbanceScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestFigure82C", "2C", "5 servers, 1,000 rounds: whoever takes a command as leader is crashed soon after (the paper's figure 8).", Figure8),
        new("TestUnreliableAgree2C", "2C", "5 servers, unreliable network: 245 commands, five at a time.", UnreliableAgree),
        new("TestFigure8Unreliable2C", "2C", "Figure 8 by cutting leaders off, on an unreliable network that later reorders replies by seconds.", Figure8Unreliable),
        new("TestReliableChurn2C", "2C", "5 servers crash, restart and are cut off at random under three clients.", run => Churn(run, unreliable: false)),
        new("TestUnreliableChurn2C", "2C", "The same on an unreliable network.", run => Churn(run, unreliable: true)),
    ];

    private static async Task Figure8(LabRun run)
    {
        RaftLab lab = new(run, servers: 5);
        await lab.One(run.Random.Next(), 1, retry: true);
        int up = lab.Count, crashes = 0;
        for (int round = 0; round < 1000; round++)
        {
            int leader = -1;
            for (int i = 0; i < lab.Count; i++)
                if (lab.IsUp(i) && (await lab.Start(i, run.Random.Next())).IsLeader) leader = i;

            await lab.Sleep(PauseOfFigure8(run));
            if (leader >= 0)
            {
                lab.Crash(leader);
                up--;
                crashes++;
            }

            if (up >= 3) continue;
            int back = run.Random.Next(lab.Count);
            if (lab.IsUp(back)) continue;
            lab.Restart(back);
            lab.Connect(back);
            up++;
        }

        for (int i = 0; i < lab.Count; i++)
        {
            if (lab.IsUp(i)) continue;
            lab.Restart(i);
            lab.Connect(i);
        }

        run.AtLeast("leaders crashed", crashes, 10, "");
        await lab.One(run.Random.Next(), lab.Count, retry: true);
    }

    private static int PauseOfFigure8(LabRun run) => run.Random.Next(1000) < 100 ? run.Random.Next(500) : run.Random.Next(13);

    private static async Task UnreliableAgree(LabRun run)
    {
        RaftLab lab = new(run, servers: 5, unreliable: true);
        List<Task> beside = [];
        for (int round = 1; round < 50; round++)
        {
            for (int i = 0; i < 4; i++) beside.Add(lab.One((100 * round) + i, 1, retry: true));
            await lab.One(round, 1, retry: true);
        }

        lab.Network.Unreliable = false;
        await Task.WhenAll(beside);
        int last = await lab.One(100, lab.Count, retry: true);
        run.AtLeast("commands agreed on", last, 246, "");
    }

    private static async Task Figure8Unreliable(LabRun run)
    {
        RaftLab lab = new(run, servers: 5, unreliable: true);
        await lab.One(run.Random.Next(10_000), 1, retry: true);
        int connected = lab.Count;
        for (int round = 0; round < 1000; round++)
        {
            if (round == 200) lab.Network.LongReordering = true;
            int leader = -1;
            for (int i = 0; i < lab.Count; i++)
                if ((await lab.Start(i, run.Random.Next(10_000))).IsLeader && lab.IsConnected(i)) leader = i;

            await lab.Sleep(PauseOfFigure8(run));
            if (leader >= 0 && run.Random.Next(2) == 0)
            {
                lab.Disconnect(leader);
                connected--;
            }

            if (connected >= 3) continue;
            int back = run.Random.Next(lab.Count);
            if (lab.IsConnected(back)) continue;
            lab.Connect(back);
            connected++;
        }

        for (int i = 0; i < lab.Count; i++) lab.Connect(i);
        await lab.One(run.Random.Next(10_000), lab.Count, retry: true);
    }

    private static async Task Churn(LabRun run, bool unreliable)
    {
        RaftLab lab = new(run, servers: 5, unreliable);
        bool stop = false;
        Task<List<long>>[] clients = [.. Enumerable.Range(0, 3).Select(Client)];

        for (int round = 0; round < 20; round++)
        {
            if (run.Random.Next(1000) < 200) lab.Disconnect(run.Random.Next(lab.Count));
            if (run.Random.Next(1000) < 500)
            {
                int server = run.Random.Next(lab.Count);
                if (!lab.IsUp(server)) lab.Restart(server);
                lab.Connect(server);
            }

            if (run.Random.Next(1000) < 200)
            {
                int server = run.Random.Next(lab.Count);
                if (lab.IsUp(server)) lab.Crash(server);
            }

            // Long enough for an election, too short to settle.
            await lab.Sleep(Lab.ElectionTimeoutMs * 7 / 10);
        }

        await lab.Sleep(Lab.ElectionTimeoutMs);
        lab.Network.Unreliable = false;
        for (int i = 0; i < lab.Count; i++)
        {
            if (!lab.IsUp(i)) lab.Restart(i);
            lab.Connect(i);
        }

        stop = true;
        List<long> seen = [];
        foreach (Task<List<long>> client in clients) seen.AddRange(await client);
        await lab.Sleep(Lab.ElectionTimeoutMs);

        int last = await lab.One(run.Random.Next(), lab.Count, retry: true);
        HashSet<long> kept = [];
        for (int index = 1; index <= last; index++)
            kept.Add(await lab.Wait(index, lab.Count) ?? throw new LabFailureException($"Not all servers have index {index}."));
        run.AtLeast("values that clients saw committed", seen.Count, 1, "");
        run.Exactly("of them lost", seen.Count(value => !kept.Contains(value)), 0, "");

        async Task<List<long>> Client(int me)
        {
            List<long> values = [];
            while (!stop)
            {
                long value = run.Random.Next();
                Started started = default;
                for (int i = 0; i < lab.Count; i++)
                    if (lab.IsUp(i) && await lab.Start(i, value) is { IsLeader: true } taken) started = taken;

                if (!started.IsLeader)
                {
                    await lab.Sleep(79 + (me * 17));
                    continue;
                }

                // It may stay uncommitted for ever: its leader may be gone.
                foreach (int pause in (int[])[10, 20, 50, 100, 200])
                {
                    if (lab.CommittedBy(started.Index, out long committed) > 0)
                    {
                        if (committed == value) values.Add(value);
                        break;
                    }

                    await lab.Sleep(pause);
                }
            }

            return values;
        }
    }
}
