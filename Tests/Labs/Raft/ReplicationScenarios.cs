namespace Quorleans.Labs.Raft;

/// <summary>Lab 2B: agreement on a log.</summary>
internal static class ReplicationScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestBasicAgree2B", "2B", "3 commands one by one, at the indexes 1, 2 and 3: a leader's no-op takes none.", BasicAgree),
        new("TestRPCBytes2B", "2B", "Ten commands of 5,000 bytes: each goes to each peer once.", RpcBytes),
        new("TestFailAgree2B", "2B", "A follower is cut off; the others go on; it comes back.", FailAgree),
        new("TestFailNoAgree2B", "2B", "3 of 5 are cut off: nothing is committed until they are back.", FailNoAgree),
        new("TestConcurrentStarts2B", "2B", "Five commands at once at the leader.", ConcurrentStarts),
        new("TestRejoin2B", "2B", "A leader with uncommitted entries is cut off, and later leads again over those who went on.", Rejoin),
        new("TestBackup2B", "2B", "Fifty uncommitted entries on either side of partitions: logs are brought in line fast.", Backup),
        new("TestCount2B", "2B", "RPCs of an election, of twelve commands, and of an idle second are few.", CountRpcs),
    ];

    private static async Task BasicAgree(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        for (int index = 1; index <= 3; index++)
        {
            LabRun.Require(lab.CommittedBy(index, out _) == 0, $"Index {index} was committed before anything was started there.");
            int got = await lab.One(index * 100, lab.Count, retry: false);
            run.Exactly($"index of command {index}", got, index, "");
        }
    }

    private static async Task RpcBytes(LabRun run)
    {
        const int size = 5000, commands = 10;
        RaftLab lab = new(run, servers: 3);
        await lab.One(99, lab.Count, retry: false);
        long before = lab.Network.Bytes;
        for (int i = 0; i < commands; i++)
        {
            int got = await lab.One(i, lab.Count, retry: false, size);
            run.Exactly($"index of command {i + 2}", got, i + 2, "");
        }

        // All bytes of all RPCs and their replies, encoded as in production.
        run.AtMost("bytes of all RPCs during ten commands of 5,000 bytes", lab.Network.Bytes - before, (lab.Count * size * commands) + 50_000, "bytes");
    }

    private static async Task FailAgree(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(101, lab.Count, retry: false);
        int leader = await lab.CheckOneLeader();
        int follower = (leader + 1) % lab.Count;
        lab.Disconnect(follower);

        await lab.One(102, lab.Count - 1, retry: false);
        await lab.One(103, lab.Count - 1, retry: false);
        await lab.Sleep(Lab.ElectionTimeoutMs);
        await lab.One(104, lab.Count - 1, retry: false);
        await lab.One(105, lab.Count - 1, retry: false);

        lab.Connect(follower);
        await lab.One(106, lab.Count, retry: true);
        await lab.Sleep(Lab.ElectionTimeoutMs);
        await lab.One(107, lab.Count, retry: true);
    }

    private static async Task FailNoAgree(LabRun run)
    {
        RaftLab lab = new(run, servers: 5);
        await lab.One(10, lab.Count, retry: false);
        int leader = await lab.CheckOneLeader();
        int[] cut = [.. Enumerable.Range(1, 3).Select(i => (leader + i) % lab.Count)];
        foreach (int server in cut) lab.Disconnect(server);

        Started lonely = await lab.Start(leader, 20);
        LabRun.Require(lonely.IsLeader, "A leader that was just cut off refuses a command.");
        run.Exactly("index given out without a majority", lonely.Index, 2, "");
        await lab.Sleep(2 * Lab.ElectionTimeoutMs);
        run.Exactly("servers that commit without a majority", lab.CommittedBy(lonely.Index, out _), 0, "");

        foreach (int server in cut) lab.Connect(server);
        int next = await lab.CheckOneLeader();
        Started second = await lab.Start(next, 30);
        LabRun.Require(second.IsLeader, $"Server {next} led and now refuses a command.");
        LabRun.Require(second.Index is 2 or 3, $"The next command stands at {second.Index}, not at 2 or 3.");
        await lab.One(1000, lab.Count, retry: true);
    }

    private static async Task ConcurrentStarts(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        int tries = await Retry(lab, run, Attempt);
        run.AtMost("tries until the term stayed", tries, 5, "");

        async Task<bool> Attempt()
        {
            int leader = await lab.CheckOneLeader();
            Started first = await lab.Start(leader, 1);
            if (!first.IsLeader) return false;
            Started[] five = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => lab.Start(leader, 100 + i)));
            if (!lab.AllAreIn(first.Term)) return false;

            SortedSet<long> committed = [];
            foreach (Started started in five.Where(started => started.IsLeader && started.Term == first.Term))
            {
                if (await lab.Wait(started.Index, lab.Count, first.Term) is not { } value) return false;
                committed.Add(value);
            }

            for (int i = 0; i < 5; i++) LabRun.Require(committed.Contains(100 + i), $"Command {100 + i} is missing.");
            return true;
        }
    }

    private static async Task Rejoin(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(101, lab.Count, retry: true);
        int first = await lab.CheckOneLeader();
        lab.Disconnect(first);
        foreach (int value in (int[])[102, 103, 104])
        {
            Started started = await lab.Start(first, value);
            LabRun.Require(started.IsLeader, "A leader that was just cut off refuses a command.");
        }

        // The new leader commits its own at index 2.
        await lab.One(103, 2, retry: true);
        int second = await lab.CheckOneLeader();
        lab.Disconnect(second);
        lab.Connect(first);
        await lab.One(104, 2, retry: true);
        lab.Connect(second);
        await lab.One(105, lab.Count, retry: true);
    }

    private static async Task Backup(LabRun run)
    {
        RaftLab lab = new(run, servers: 5);
        await lab.One(run.Random.Next(), lab.Count, retry: true);

        // A leader and one follower, with fifty entries that cannot be committed.
        int first = await lab.CheckOneLeader();
        int At(int offset) => (first + offset) % lab.Count;
        foreach (int offset in (int[])[2, 3, 4]) lab.Disconnect(At(offset));
        await Fill(lab, run, first);
        await lab.Sleep(Lab.ElectionTimeoutMs / 2);
        lab.Disconnect(At(0));
        lab.Disconnect(At(1));

        // The other three commit fifty.
        foreach (int offset in (int[])[2, 3, 4]) lab.Connect(At(offset));
        for (int i = 0; i < 50; i++) await lab.One(run.Random.Next(), 3, retry: true);

        // Their leader and one follower, with fifty more that cannot be committed.
        int second = await lab.CheckOneLeader();
        int other = At(2) == second ? (second + 1) % lab.Count : At(2);
        lab.Disconnect(other);
        await Fill(lab, run, second);
        await lab.Sleep(Lab.ElectionTimeoutMs / 2);

        // The first pair comes back with the one of the three that lacks those fifty, and commits fifty of its own.
        for (int i = 0; i < lab.Count; i++) lab.Disconnect(i);
        foreach (int server in (int[])[At(0), At(1), other]) lab.Connect(server);
        for (int i = 0; i < 50; i++) await lab.One(run.Random.Next(), 3, retry: true);

        for (int i = 0; i < lab.Count; i++) lab.Connect(i);
        await lab.One(run.Random.Next(), lab.Count, retry: true);
    }

    private static async Task Fill(RaftLab lab, LabRun run, int leader)
    {
        int taken = 0;
        for (int i = 0; i < 50; i++)
            if ((await lab.Start(leader, run.Random.Next())).IsLeader) taken++;

        // The labs do not look; but without them the scenario would show nothing.
        run.Exactly("entries planted at a leader without a majority", taken, 50, "");
    }

    private static async Task CountRpcs(LabRun run)
    {
        const int more = 10;
        RaftLab lab = new(run, servers: 3);
        int leader = await lab.CheckOneLeader();
        long before = lab.Network.DeliveredToServers;
        run.AtMost("RPCs of the first election", before, 30, "RPCs");
        run.AtLeast("RPCs of the first election, surely", before, 1, "RPCs");

        long during = 0;
        int tries = await Retry(lab, run, Attempt);
        run.AtMost("tries until the term stayed", tries, 5, "");
        run.AtMost("RPCs for 12 entries", during, (more + 1 + 3) * 3, "RPCs");

        before = lab.Network.DeliveredToServers;
        await lab.Sleep(Lab.ElectionTimeoutMs);
        run.AtMost("RPCs of an idle second", lab.Network.DeliveredToServers - before, 3 * 20, "RPCs");

        async Task<bool> Attempt()
        {
            leader = await lab.CheckOneLeader();
            long start = lab.Network.DeliveredToServers;
            Started first = await lab.Start(leader, 1);
            if (!first.IsLeader) return false;
            List<long> values = [];
            for (int i = 1; i < more + 2; i++)
            {
                values.Add(run.Random.Next());
                Started started = await lab.Start(leader, values[^1]);
                if (!started.IsLeader || started.Term != first.Term) return false;
                LabRun.Require(started.Index == first.Index + i, $"Command {i} in a row stands at {started.Index}, not at {first.Index + i}.");
            }

            for (int i = 1; i < more + 2; i++)
            {
                if (await lab.Wait(first.Index + i, lab.Count, first.Term) is not { } value) return false;
                LabRun.Require(value == values[i - 1], $"Index {first.Index + i} holds {value}, not {values[i - 1]}.");
            }

            if (!lab.AllAreIn(first.Term)) return false;
            during = lab.Network.DeliveredToServers - start;
            return true;
        }
    }

    /// <summary>The labs' patience with a leader that is replaced in the middle: five tries, three seconds apart.</summary>
    private static async Task<int> Retry(RaftLab lab, LabRun run, Func<Task<bool>> attempt)
    {
        for (int tries = 1; tries <= 5; tries++)
        {
            if (tries > 1) await lab.Sleep(3000);
            if (await attempt()) return tries;
        }

        throw new LabFailureException($"{run.Scenario}: the term changed in each of five tries.");
    }
}
