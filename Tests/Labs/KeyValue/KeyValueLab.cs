using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Linearizability;
using Quorleans.Raft;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.Labs.KeyValue;

/// <summary>Lab 3's test bed: key/value servers and Clerks. A partition does not cut clients off unless a scenario says so.</summary>
internal sealed class KeyValueLab : Lab
{
    private static readonly ShardFunction Shards = ShardFunction.FirstByteModulo(10);
    private readonly KeyValueLimits _limits;
    private int _clerks;

    /// <summary>Starts the servers.</summary>
    /// <param name="run">The run.</param>
    /// <param name="servers">How many.</param>
    /// <param name="unreliable">Whether the network loses and delays.</param>
    /// <param name="maxRaftState">The live log's size in bytes at which a snapshot is due, or -1: none is ever taken.</param>
    /// <param name="limits">The store's limits; null for the defaults.</param>
    internal KeyValueLab(LabRun run, int servers, bool unreliable = false, int maxRaftState = -1, KeyValueLimits? limits = null)
        : base(run, servers, LabTiming.Of(run.Seed), options => options with { SnapshotThresholdBytes = maxRaftState < 0 ? long.MaxValue : maxRaftState })
    {
        _limits = limits ?? KeyValueLimits.Default;
        Network.Unreliable = unreliable;
        if (maxRaftState >= 0) WatchLogs();
        StartAll();
    }

    /// <summary>All that clients did.</summary>
    internal List<Operation> History { get; } = [];

    /// <summary>The largest snapshot file that any server has, in bytes.</summary>
    internal long MaxSnapshotBytes
    {
        get
        {
            long largest = 0;
            for (int i = 0; i < Count; i++)
            {
                SimulatedDisk disk = Node(i).Disk;
                foreach (string file in disk.List())
                {
                    if (!file.EndsWith(".snap", StringComparison.Ordinal)) continue;
                    using IDiskFile handle = disk.Open(file);
                    largest = Math.Max(largest, handle.Length);
                }
            }

            return largest;
        }
    }

    protected override IStateMachine NewMachine(int server) => new KeyValueStateMachine(Shards, _limits);

    /// <summary>How long a new Clerk's operations may take. The labs' Clerk tries for ever; here it must only outlast the run.</summary>
    internal TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(200);

    /// <summary>Makes a Clerk.</summary>
    /// <param name="servers">The only servers that it reaches; all when none is named.</param>
    internal LabClerk MakeClerk(params int[] servers)
    {
        ClerkOptions options = new()
        {
            Group = Group.Name, Nodes = [.. Enumerable.Range(0, Count).Select(i => Node(i).Name)], OperationTimeout = OperationTimeout, Shards = Shards, Limits = _limits,
        };
        int id = ++_clerks;
        LabClerk clerk = new(this, History, new SimulatedClerk(World, Wire, $"c{id}", options), id);
        ConnectClient(clerk, servers.Length > 0 ? servers : [.. Enumerable.Range(0, Count)]);
        return clerk;
    }

    internal void ConnectClient(LabClerk clerk, int[] servers) =>
        Network.LinkClient(clerk.Name, [.. Enumerable.Range(0, Count).Select(i => servers.Contains(i))]);

    /// <summary>Splits the servers: the leader and enough others for a minority, and the rest.</summary>
    internal (int[] Majority, int[] Minority) MajorityWithoutLeader()
    {
        int leader = Enumerable.Range(0, Count).First(Leads);
        int[] minority = [.. Enumerable.Range(0, (Count - 1) / 2).Select(i => (leader + i) % Count)];
        return ([.. Enumerable.Range(0, Count).Except(minority)], minority);
    }

    /// <summary>Holds everything that clients saw against the checker. Where the labs' gives up after a second and passes, this one fails.</summary>
    internal void CheckHistory()
    {
        Check(History);
        Run.AtLeast("operations in a linearizable history", History.Count, 1, "");
    }

    /// <summary>Fails unless a history is linearizable, key by key.</summary>
    internal static void Check(List<Operation> history)
    {
        foreach (KeyResult key in HistoryChecker.Check(history))
        {
            if (key.Verdict == Verdict.Linearizable) continue;
            throw new LabFailureException(
                key.Verdict == Verdict.GaveUp ? $"The check of key {key.Key} gave up after {key.Configurations} configurations." : $"Key {key.Key} is not linearizable:\n{key.Explanation}");
        }
    }
}
