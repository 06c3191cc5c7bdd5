namespace Quorleans.Labs.Raft;

/// <summary>
/// Lab 2D: log compaction. The labs' service takes a snapshot every ten commands; here the driver does, when the live log exceeds the size of
/// about ten: <see cref="RaftLab.SnapshotThresholdBytes"/>.
/// </summary>
internal static class SnapshotScenarios
{
    /// <summary>The labs' limit for a server's persisted Raft state without its snapshot: encoded live entries and hard state.</summary>
    internal const int MaxLogBytes = 2000;

    internal static IEnumerable<Scenario> All =>
    [
        new("TestSnapshotBasic2D", "2D", "30 rounds of a dozen commands: the log stays short.", run => Common(run, disconnect: false, crash: false, unreliable: false)),
        new("TestSnapshotInstall2D", "2D", "In each round one server is cut off, and catches up by snapshot.", run => Common(run, disconnect: true, crash: false, unreliable: false)),
        new("TestSnapshotInstallUnreliable2D", "2D", "The same on an unreliable network.", run => Common(run, disconnect: true, crash: false, unreliable: true)),
        new("TestSnapshotInstallCrash2D", "2D", "In each round one server crashes.", run => Common(run, disconnect: false, crash: true, unreliable: false)),
        new("TestSnapshotInstallUnCrash2D", "2D", "The same on an unreliable network.", run => Common(run, disconnect: false, crash: true, unreliable: true)),
    ];

    private static async Task Common(LabRun run, bool disconnect, bool crash, bool unreliable)
    {
        RaftLab lab = new(run, servers: 3, unreliable, snapshots: true);
        await lab.One(run.Random.Next(), lab.Count, retry: true);
        int leader = await lab.CheckOneLeader();
        for (int round = 0; round < 30; round++)
        {
            bool swapped = round % 3 == 1;
            int victim = swapped ? leader : (leader + 1) % lab.Count;
            int sender = swapped ? (leader + 1) % lab.Count : leader;
            if (disconnect) lab.Disconnect(victim);
            if (crash) lab.Crash(victim);
            if (disconnect || crash) await lab.One(run.Random.Next(), lab.Count - 1, retry: true);

            for (int i = 0; i < 11; i++) await lab.Start(sender, run.Random.Next());
            await lab.One(run.Random.Next(), lab.Count - 1, retry: true);
            run.AtMost("live log of any server, without its snapshot", lab.MaxLogBytes, MaxLogBytes - 1, "bytes");

            if (crash) lab.Restart(victim);
            if (disconnect || crash) lab.Connect(victim);
            await lab.One(run.Random.Next(), lab.Count, retry: true);
            leader = await lab.CheckOneLeader();
        }

        run.AtLeast("snapshots taken", lab.SnapshotsTaken, 30, "");

        // Otherwise the scenario would show nothing.
        if (disconnect || crash) run.AtLeast("snapshots installed from another server", lab.SnapshotsInstalled, 3, "");
    }
}
