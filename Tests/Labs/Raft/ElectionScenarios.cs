namespace Quorleans.Labs.Raft;

/// <summary>Lab 2A: leaders are elected, and elected anew.</summary>
internal static class ElectionScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestInitialElection2A", "2A", "3 servers start: one leader, one term, and it stays so.", InitialElection),
        new("TestReElection2A", "2A", "The leader is cut off and comes back; then two of three are; then they come back.", ReElection),
        new("TestManyElections2A", "2A", "7 servers, 9 rounds: up to three at random are cut off.", ManyElections),
    ];

    private static async Task InitialElection(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.CheckOneLeader();

        // Others may still learn of the election.
        await lab.Sleep(50);
        long before = lab.CheckTerms();
        run.AtLeast("term after the election", before, 1, "");

        // The labs only warn when the term changes without a failure. On a network that loses nothing there is no reason for it.
        await lab.Sleep(2 * Lab.ElectionTimeoutMs);
        run.Exactly("terms begun while idle", lab.CheckTerms() - before, 0, "");
        await lab.CheckOneLeader();
    }

    private static async Task ReElection(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        int first = await lab.CheckOneLeader();
        lab.Disconnect(first);
        await lab.CheckOneLeader();

        // The old leader does not disturb the new one.
        lab.Connect(first);
        int second = await lab.CheckOneLeader();

        // Without a majority nobody leads, and nobody goes on believing that it does.
        lab.Disconnect(second);
        lab.Disconnect((second + 1) % 3);
        await lab.Sleep(2 * Lab.ElectionTimeoutMs);
        lab.CheckNoLeader();

        lab.Connect((second + 1) % 3);
        await lab.CheckOneLeader();
        lab.Connect(second);
        await lab.CheckOneLeader();
    }

    private static async Task ManyElections(LabRun run)
    {
        const int servers = 7;
        RaftLab lab = new(run, servers);
        await lab.CheckOneLeader();
        for (int round = 1; round < 10; round++)
        {
            int[] cut = [run.Random.Next(servers), run.Random.Next(servers), run.Random.Next(servers)];
            foreach (int server in cut) lab.Disconnect(server);
            await lab.CheckOneLeader();
            foreach (int server in cut) lab.Connect(server);
        }

        await lab.CheckOneLeader();
    }
}
