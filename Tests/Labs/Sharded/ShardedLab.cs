using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.Labs.Controller;
using Quorleans.Labs.KeyValue;
using Quorleans.Linearizability;
using Quorleans.Raft;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.Labs.Sharded;

/// <summary>
/// Lab 4B's test bed: three controller servers, and three groups (gids 100, 101, 102) of three servers each, on nodes of their own. Ten shards by a key's
/// first byte. A group that has left ends once its data has moved, and is another one when it joins again: the labs' groups never end.
/// </summary>
internal sealed class ShardedLab : Lab
{
    internal const int Shards = 10;
    private const int CopiedAtOnce = 4, PerGroup = 3, Controllers = 3, Groups = 3;
    private static readonly ShardFunction Function = ShardFunction.FirstByteModulo(Shards);
    private readonly Watch _watch;
    private int _clerks;

    /// <summary>Starts all servers.</summary>
    /// <param name="run">The run.</param>
    /// <param name="unreliable">Whether the network loses and delays.</param>
    /// <param name="maxRaftState">The live log's size in bytes at which a group's server takes a snapshot, or -1: it never does. The controllers never do.</param>
    internal ShardedLab(LabRun run, bool unreliable, int maxRaftState) : this(run, unreliable, maxRaftState, new Watch())
    {
    }

    private ShardedLab(LabRun run, bool unreliable, int maxRaftState, Watch watch)
        : base(run, Controllers + (Groups * PerGroup), LabTiming.Of(run.Seed), static options => options, GroupNames.Controller, lab => Make(lab, maxRaftState, watch).Base)
    {
        _watch = watch;
        watch.Lab = this;
        for (int i = Controllers; i < Count; i++) Node(i).Options = Node(i).Options with { SnapshotThresholdBytes = maxRaftState < 0 ? long.MaxValue : maxRaftState };
        MaxRaftState = maxRaftState;
        Network.Unreliable = unreliable;
        WatchLogs();
        StartAll();
        Admin = new ControllerClerk(Requester(), 1000, static gid => ServersOf(gid - 100));
    }

    internal int MaxRaftState { get; }

    /// <summary>All that clients did.</summary>
    internal List<Operation> History { get; } = [];

    /// <summary>Whoever joins groups and lets them leave.</summary>
    internal ControllerClerk Admin { get; }

    /// <summary>All that the groups' servers keep, in bytes: live logs and snapshot files.</summary>
    internal long StoredBytes
    {
        get
        {
            long bytes = 0;
            for (int i = Controllers; i < Count; i++)
            {
                bytes += LogBytesOf(i);
                foreach (string file in Node(i).Disk.List())
                {
                    if (!file.EndsWith(".snap", StringComparison.Ordinal)) continue;
                    using IDiskFile handle = Node(i).Disk.Open(file);
                    bytes += handle.Length;
                }
            }

            return bytes;
        }
    }

    /// <summary>Waits until the controller knows all nodes; the labs' need not.</summary>
    internal async Task Ready()
    {
        while (_watch.Cluster.Map is not { } map || map.Nodes.Length < Count) await Sleep(10);
    }

    /// <summary>Waits until every shard is where it shall be.</summary>
    internal async Task Settled()
    {
        while (_watch.Cluster.Map is not { } map || map.Shards.Any(static shard => shard.IsMoving || shard.Owner != shard.Target)) await Sleep(5);
    }

    internal Task<long> Join(params int[] groups) => Admin.Join([.. groups.Select(static group => 100 + group)]);

    internal Task<long> Leave(params int[] groups) => Admin.Leave([.. groups.Select(static group => 100 + group)]);

    internal void ShutDownGroup(int group)
    {
        for (int i = 0; i < PerGroup; i++) ShutDown(group, i);
    }

    internal void StartGroup(int group)
    {
        for (int i = 0; i < PerGroup; i++) Start(group, i);
    }

    internal void ShutDown(int group, int server) => Crash(IndexOf(group, server));

    internal void Start(int group, int server)
    {
        Restart(IndexOf(group, server));
        Connect(IndexOf(group, server));
    }

    internal LabClerk MakeClerk()
    {
        ClerkOptions options = new()
        {
            Controller = GroupNames.Controller, Nodes = [.. Enumerable.Range(0, Controllers).Select(i => Node(i).Name)], OperationTimeout = TimeSpan.FromSeconds(200), Shards = Function,
        };
        int id = ++_clerks;
        Network.LinkClient($"c{id}", [.. Enumerable.Repeat(true, Count)]);
        return new LabClerk(this, History, new SimulatedClerk(World, Wire, $"c{id}", options), id);
    }

    /// <summary>What the labs hold against the servers' stores at the end of a test.</summary>
    internal void CheckLogs()
    {
        if (MaxRaftState < 0)
        {
            Run.Exactly("snapshots taken", SnapshotsTaken, 0, "");
            return;
        }

        for (int i = Controllers; i < Count; i++) Run.AtMost("live log of any server, without its snapshot", LogBytesOf(i), 8 * MaxRaftState, "bytes");
        // The labs look only then. Before, there may be steps of copies in it besides, which the labs' servers would have in their memory.
        Run.AtMost("that at any time, with entries of copies", MaxLogBytes, (8 * MaxRaftState) + (Shards * CopiedAtOnce * (StepBytes(MaxRaftState) + 100)), "bytes");
    }

    /// <summary>What every scenario ends with.</summary>
    internal void CheckHistory()
    {
        KeyValueLab.Check(History);
        Run.AtLeast("operations in a linearizable history", History.Count, 1, "");
    }

    protected override IStateMachine NewMachine(int server) => throw new NotSupportedException("The sharded cluster makes its own.");

    protected override long LogBytesOf(int server)
    {
        if (server < Controllers) return 0;
        long bytes = 0;
        for (int group = 0; group < Groups; group++) bytes += Node(server).LogBytes(GroupNames.Of(100 + group));
        return bytes;
    }

    private static string[] ServersOf(int group) => [.. Enumerable.Range(0, PerGroup).Select(i => $"n{IndexOf(group, i) + 1}")];

    private static int IndexOf(int group, int server) => Controllers + (group * PerGroup) + server;

    private SimulatedRequester Requester()
    {
        Network.LinkClient("c1000", [.. Enumerable.Repeat(true, Count)]);
        return new SimulatedRequester(World, Wire, "c1000", GroupNames.Controller, [.. Enumerable.Range(0, Controllers).Select(i => Node(i).Name)]);
    }

    private static int StepBytes(int maxRaftState) => maxRaftState < 0 ? 64 << 10 : Math.Max(100, maxRaftState);

    private static ShardedCluster Make(Lab lab, int maxRaftState, Watch watch)
    {
        // A step of a hand-off is an entry of the log like any other, and the log has its limit.
        int step = StepBytes(maxRaftState);
        ShardedClusterOptions options = new()
        {
            // The labs' groups send all shards at once.
            Shards = Function, HasFirstGroup = false, Watch = watch, Driver = new HandoffDriverOptions { MovesPerPeer = Shards }, Handoff = new HandoffLimits { ChunkBytes = step, DeltaBytes = step, FinalBytes = step },
        };
        return watch.Cluster = new ShardedCluster(
            lab.World, Controllers, Groups * PerGroup, machines => lab.Options with { Machines = machines, SnapshotThresholdBytes = long.MaxValue }, options, lab.Network);
    }

    private sealed class Watch : IShardingWatch
    {
        internal ShardedLab Lab { get; set; } = null!;

        internal ShardedCluster Cluster { get; set; } = null!;

        public IStateMachine Wrap(SimulatedNode node, GroupId group, IStateMachine machine) => Lab.Watched(node, machine);

        public void Effect(SimulatedNode node, GroupRef group, in HandoffEffect effect)
        {
            if (effect.Kind == HandoffEffectKind.Alarm) Lab.Violate($"{group} on {node.Name}: {effect.Text}");
        }
    }
}
