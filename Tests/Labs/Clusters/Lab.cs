using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Simulation;

namespace Quorleans.Labs;

/// <summary>
/// The labs' test bed: servers that are the nodes of production, on simulated disks, in a world of virtual time. Scenarios are written as asynchronous
/// methods; all of them run on the world's one thread, so that the same seed repeats a run exactly.
/// </summary>
internal abstract class Lab
{
    /// <summary>What the labs take for the time of an election, in milliseconds.</summary>
    internal const int ElectionTimeoutMs = 1000;

    private readonly SimulatedCluster _cluster;
    private readonly SimulationRandom _random;
    private readonly bool[] _connected;
    private readonly Dictionary<(GroupId Group, Term Term), int> _leaders = [];
    private readonly double[] _ledSinceMs;

    protected Lab(
        LabRun run, int servers, LabTiming timing, Func<SimulatedNodeOptions, SimulatedNodeOptions> set, string group = "g1", Func<Lab, SimulatedCluster>? make = null)
    {
        Run = run;
        run.Lab = this;
        World = new World((ulong)run.Random.NextInt64(), run.Trace);
        _random = World.Random.Fork();
        Network = new LabNetwork(servers, World.Random.Fork());
        Options = set(new SimulatedNodeOptions { Raft = timing.Options, Machines = MakeMachine, LogSegmentBytes = 128 << 10, RetainedBytes = 0, SnapshotGrowth = 0 });
        _cluster = make?.Invoke(this) ?? new SimulatedCluster(World, servers, Options, Network, group);
        _connected = new bool[servers];
        _ledSinceMs = new double[servers];
        foreach (SimulatedNode node in _cluster.Nodes) node.Failed = (failed, reason) => Violate($"{failed.Name} stopped for good: {reason.Message}");
    }

    internal LabRun Run { get; }

    internal World World { get; }

    internal LabNetwork Network { get; }

    internal SimulatedNodeOptions Options { get; }

    internal GroupId Group => _cluster.Group;

    internal SimulatedNetwork Wire => _cluster.Network;

    internal int Count => _connected.Length;

    internal double NowMs => World.NowUs / 1000.0;

    /// <summary>The first thing that went wrong where no scenario could be told, or null.</summary>
    internal string? Violation { get; private set; }

    internal int SnapshotsTaken { get; private set; }

    /// <summary>Snapshots that came from another server, not from the own disk.</summary>
    internal int SnapshotsInstalled { get; private set; }

    /// <summary>The largest live log that any server had at any time, in bytes: encoded entries and hard state.</summary>
    internal long MaxLogBytes { get; private set; }

    internal SimulatedNode Node(int server) => _cluster.Nodes[server];

    internal RaftCore? Core(int server) => Node(server).Core(Group.Name);

    internal bool IsUp(int server) => Node(server).IsUp;

    internal bool IsConnected(int server) => _connected[server];

    internal bool Leads(int server) => Core(server)?.Role == RaftRole.Leader;

    internal Task Sleep(double milliseconds) => SleepUs((long)(milliseconds * 1000));

    internal Task SleepUs(long microseconds)
    {
        TaskCompletionSource over = new();
        World.After(microseconds, over.SetResult);
        return over.Task;
    }

    /// <summary>Waits for something that scripted scenarios bring about.</summary>
    /// <param name="what">What, for the failure's message.</param>
    /// <param name="condition">Asked every half millisecond.</param>
    internal async Task Until(string what, Func<bool> condition)
    {
        double begin = NowMs;
        while (!condition())
        {
            if (NowMs - begin > 10_000) throw new LabFailureException($"Not within 10 s: {what}.");
            await SleepUs(500);
        }
    }

    internal void Connect(int server)
    {
        _connected[server] = true;
        for (int i = 0; i < Count; i++)
            if (_connected[i]) Network.Link(server, i, enabled: true);
    }

    internal void Disconnect(int server)
    {
        _connected[server] = false;
        for (int i = 0; i < Count; i++) Network.Link(server, i, i == server);
    }

    internal void ConnectAll()
    {
        for (int i = 0; i < Count; i++) Connect(i);
    }

    internal void Partition(int[] side, int[] other)
    {
        ConnectAll();
        foreach (int a in side)
            foreach (int b in other) Network.Link(a, b, enabled: false);
    }

    /// <summary>
    /// Crashes a server, and cuts it off. The labs keep everything it wrote; here the machine also loses its power in two of three cases, with all, or any
    /// part, of what was not synced, and in the middle of whatever it did.
    /// </summary>
    internal void Crash(int server) => Crash(server, (UnsyncedFate)_random.Below(3));

    internal void Crash(int server, UnsyncedFate fate)
    {
        Disconnect(server);
        Node(server).Crash(fate);
    }

    /// <summary>Starts a crashed server from its disk; it stays cut off until <see cref="Connect"/>.</summary>
    internal void Restart(int server)
    {
        if (!_cluster.Start(Node(server))) throw new LabFailureException($"{Node(server).Name} does not start: {Node(server).StartFailure?.Message}", Node(server).StartFailure!);
        Node(server).Raft!.RoleChanged = state => OnRoleChanged(server, state);
    }

    internal void CrashAndRestart(int server)
    {
        Crash(server);
        Restart(server);
    }

    /// <summary>Watches <see cref="MaxLogBytes"/> from now on, after every event.</summary>
    internal void WatchLogs() => World.AfterEvent = () =>
    {
        for (int i = 0; i < Count; i++) MaxLogBytes = Math.Max(MaxLogBytes, LogBytesOf(i));
    };

    /// <summary>The live log of a server, in bytes.</summary>
    protected virtual long LogBytesOf(int server) => Node(server).LogBytes(Group.Name);

    internal void Violate(string what) => Violation ??= what;

    /// <summary>For how long a server has led, counted from an earlier moment at the least; 0 when it led already then.</summary>
    protected double LeaderAfter(int server, double fromMs) => Math.Max(0, _ledSinceMs[server] - fromMs);

    protected abstract IStateMachine NewMachine(int server);

    protected void StartAll()
    {
        for (int i = 0; i < Count; i++) Restart(i);
        ConnectAll();
    }

    private WatchedMachine MakeMachine(SimulatedNode node, GroupId group) => Watched(node, NewMachine(LabNetwork.ServerOf(node.Name)));

    /// <summary>A state machine whose snapshots are counted.</summary>
    protected WatchedMachine Watched(SimulatedNode node, IStateMachine machine)
    {
        return new WatchedMachine(machine, () => SnapshotsTaken++, () =>
        {
            // While a node starts it loads its own snapshot.
            if (node.Raft is not null) SnapshotsInstalled++;
        });
    }

    private void OnRoleChanged(int server, ReplicaState state)
    {
        if (state.Role != RaftRole.Leader) return;
        _ledSinceMs[server] = NowMs;
        (GroupId, Term) key = (state.Group, state.Term);
        if (!_leaders.TryAdd(key, server) && _leaders[key] != server)
            Violate($"Two leaders of {state.Group} in term {state.Term}: {Node(_leaders[key]).Name} and {Node(server).Name}.");
    }
}
