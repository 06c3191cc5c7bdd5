namespace Quorleans.Labs.KeyValue;

/// <summary>Lab 3: single partitions, step by step.</summary>
internal static class PartitionScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestOnePartition3A", "3A", "The old leader in a minority: nothing completes there, everything in the majority; then it heals.", OnePartition),
        new("TestSnapshotRPC3B", "3B", "A server that missed what is in no log any more catches up by snapshot, and then is needed.", SnapshotRpc),
    ];

    private static async Task OnePartition(LabRun run)
    {
        KeyValueLab lab = new(run, servers: 5);
        LabClerk clerk = lab.MakeClerk();
        await clerk.Put("1", "13");

        (int[] majority, int[] minority) = lab.MajorityWithoutLeader();
        lab.Partition(majority, minority);
        LabClerk inMajority = lab.MakeClerk(majority), writer = lab.MakeClerk(minority), reader = lab.MakeClerk(minority);

        await inMajority.Put("1", "14");
        LabRun.Require(await inMajority.Get("1") == "14", "The majority does not read what was put there.");

        Task put = writer.Put("1", "15");
        Task<string> get = reader.Get("1");
        await lab.Sleep(1000);
        LabRun.Require(!put.IsCompleted, "A put completed in the minority.");
        LabRun.Require(!get.IsCompleted, "A get completed in the minority.");
        LabRun.Require(await inMajority.Get("1") == "14", "The majority reads something else now.");
        await inMajority.Put("1", "16");
        LabRun.Require(await inMajority.Get("1") == "16", "The majority does not read what was put there.");

        lab.ConnectAll();
        lab.ConnectClient(writer, [.. Enumerable.Range(0, lab.Count)]);
        lab.ConnectClient(reader, [.. Enumerable.Range(0, lab.Count)]);
        await lab.Sleep(Lab.ElectionTimeoutMs);
        double healed = lab.NowMs;
        await put;
        run.AtMost("end of the minority's put after the heal and a second", lab.NowMs - healed, 3000, "ms");

        // The labs do not wait for it (its place in their select never blocks).
        await get;
        run.AtMost("end of the minority's get after the heal and a second", lab.NowMs - healed, 3000, "ms");
        LabRun.Require(await clerk.Get("1") == "15", "The minority's put was acknowledged, and is not there.");
        lab.CheckHistory();
    }

    private static async Task SnapshotRpc(LabRun run)
    {
        const int maxRaftState = 1000;
        KeyValueLab lab = new(run, servers: 3, unreliable: false, maxRaftState);
        LabClerk clerk = lab.MakeClerk();
        await clerk.Put("a", "A");
        LabRun.Require(await clerk.Get("a") == "A", "A put is not read back.");

        // Much goes on without server 2.
        lab.Partition([0, 1], [2]);
        LabClerk pair = lab.MakeClerk(0, 1);
        for (int i = 0; i < 50; i++) await pair.Put($"{i}", $"{i}");
        await lab.Sleep(Lab.ElectionTimeoutMs);
        await pair.Put("b", "B");
        run.AtMost("live log of any server, without its snapshot", lab.MaxLogBytes, 8 * maxRaftState, "bytes");

        // Now a majority needs it.
        lab.Partition([0, 2], [1]);
        LabClerk other = lab.MakeClerk(0, 2);
        await other.Put("c", "C");
        await other.Put("d", "D");
        LabRun.Require(await other.Get("a") == "A", "\"a\" is not what was put.");
        LabRun.Require(await other.Get("b") == "B", "\"b\" is not what was put.");
        LabRun.Require(await other.Get("1") == "1", "\"1\" is not what was put.");
        LabRun.Require(await other.Get("49") == "49", "\"49\" is not what was put.");
        run.AtLeast("snapshots installed from another server", lab.SnapshotsInstalled, 1, "");

        lab.Partition([0, 1, 2], []);
        await clerk.Put("e", "E");
        foreach (string key in (string[])["c", "e", "1"])
        {
            string expected = key == "1" ? "1" : key.ToUpperInvariant();
            LabRun.Require(await clerk.Get(key) == expected, $"\"{key}\" is not what was put.");
        }

        lab.CheckHistory();
    }
}
