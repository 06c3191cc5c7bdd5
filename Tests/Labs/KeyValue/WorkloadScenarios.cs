namespace Quorleans.Labs.KeyValue;

/// <summary>The scenarios of lab 3 that are the same workload under different troubles.</summary>
internal static class WorkloadScenarios
{
    private const int MaxRaftState = 1000;

    internal static IEnumerable<Scenario> All =>
    [
        Of("TestBasic3A", "3A", "One client.", new(1, 5)),
        Of("TestConcurrent3A", "3A", "Five clients.", new(5, 5)),
        Of("TestUnreliable3A", "3A", "Unreliable network.", new(5, 5) { Unreliable = true }),
        Of("TestManyPartitionsOneClient3A", "3A", "Partitions, one client.", new(1, 5) { Partitions = true }),
        Of("TestManyPartitionsManyClients3A", "3A", "Partitions, five clients.", new(5, 5) { Partitions = true }),
        Of("TestPersistOneClient3A", "3A", "All servers crash, one client.", new(1, 5) { Crash = true }),
        Of("TestPersistConcurrent3A", "3A", "All servers crash, five clients.", new(5, 5) { Crash = true }),
        Of("TestPersistConcurrentUnreliable3A", "3A", "Crashes, unreliable network.", new(5, 5) { Crash = true, Unreliable = true }),
        Of("TestPersistPartition3A", "3A", "Crashes, partitions.", new(5, 5) { Crash = true, Partitions = true }),
        Of("TestPersistPartitionUnreliable3A", "3A", "Crashes, partitions, unreliable network.", new(5, 5) { Crash = true, Partitions = true, Unreliable = true }),
        Of("TestPersistPartitionUnreliableLinearizable3A", "3A", "The same with 15 clients on shared keys and 7 servers.",
            new(15, 7) { Crash = true, Partitions = true, Unreliable = true, RandomKeys = true }),
        Of("TestSnapshotRecover3B", "3B", "Snapshots, crashes, one client.", new(1, 5) { Crash = true, MaxRaftState = MaxRaftState }),
        Of("TestSnapshotRecoverManyClients3B", "3B", "Snapshots, crashes, 20 clients.", new(20, 5) { Crash = true, MaxRaftState = MaxRaftState }),
        Of("TestSnapshotUnreliable3B", "3B", "Snapshots, unreliable network.", new(5, 5) { Unreliable = true, MaxRaftState = MaxRaftState }),
        Of("TestSnapshotUnreliableRecover3B", "3B", "Snapshots, crashes, unreliable network.", new(5, 5) { Crash = true, Unreliable = true, MaxRaftState = MaxRaftState }),
        Of("TestSnapshotUnreliableRecoverConcurrentPartition3B", "3B", "Snapshots, crashes, partitions, unreliable network.",
            new(5, 5) { Crash = true, Partitions = true, Unreliable = true, MaxRaftState = MaxRaftState }),
        Of("TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable3B", "3B", "The same with 15 clients on shared keys and 7 servers.",
            new(15, 7) { Crash = true, Partitions = true, Unreliable = true, RandomKeys = true, MaxRaftState = MaxRaftState }),
    ];

    internal static Scenario Of(string name, string part, string about, Workload workload) => new(name, part, about, run => new WorkloadRun(run, workload).Run());
}
