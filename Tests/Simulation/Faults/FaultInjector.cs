using Quorleans.KeyValue;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>Begins faults of the seed's kinds at the seed's pace, and ends them all when the safety phase is over.</summary>
internal sealed class FaultInjector
{
    private readonly Swarm _swarm;
    private readonly SortedDictionary<long, Action> _undo = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly SimulatedCluster _nodes;
    private readonly Dictionary<Checker, Administrator> _administrators = [];
    private long _undoNumber;
    private bool _healed;

    internal FaultInjector(Swarm swarm, SimulatedCluster cluster, FaultyNetwork network, IReadOnlyList<SimulatedClerk> clerks, Workload workload, Checker checker, Marks marks)
    {
        (_swarm, _nodes, Network, Clerks, Workload, Checker, Marks) = (swarm, cluster, network, clerks, workload, checker, marks);
        Random = new SimulationRandom(swarm.FaultSeed);
        foreach (SimulatedNode node in cluster.Nodes)
            node.PowerLost = lost =>
            {
                lost.Disk.Restart(UnsyncedFate.Random);
                StartLater(lost, Random.Between(1_000, 1_500_000));
            };
    }

    /// <summary>Where there are several groups: those that live. Each fault that is about a group hits one of them.</summary>
    internal Func<IReadOnlyList<Checker>>? Groups { get; init; }

    /// <summary>Called once, when the next shard is frozen; of the sharded world.</summary>
    internal Action<ShardMove>? NextFreeze { get; set; }

    /// <summary>The group that the next fault hits.</summary>
    internal SimulatedCluster Cluster => Checker.Cluster;

    internal FaultyNetwork Network { get; }

    internal IReadOnlyList<SimulatedClerk> Clerks { get; }

    internal Workload Workload { get; }

    /// <summary>Of that group.</summary>
    internal Checker Checker { get; private set; }

    internal Marks Marks { get; }

    internal SimulationRandom Random { get; }

    /// <summary>Of that group.</summary>
    internal Administrator Administrator
    {
        get
        {
            if (!_administrators.TryGetValue(Checker, out Administrator? administrator))
                _administrators.Add(Checker, administrator = new Administrator(this, Cluster, Checker));
            return administrator;
        }
    }

    /// <summary>Whether all faults have ended.</summary>
    internal bool IsHealed => _healed;

    internal World World => _nodes.World;

    internal IReadOnlyList<SimulatedNode> Nodes => _nodes.Nodes;

    /// <summary>How many of each kind were begun.</summary>
    internal IReadOnlyDictionary<string, int> Counts => _counts;

    /// <summary>Plans the faults of the whole run.</summary>
    internal void Start()
    {
        if (_swarm.Faults.Count > 0) Next();
    }

    private void Next() => World.After(Random.Between(_swarm.FaultIntervalUs / 4, _swarm.FaultIntervalUs * 7 / 4), () =>
    {
        if (_healed) return;
        Fault fault = Random.Of(_swarm.Faults);
        if (Groups?.Invoke() is { Count: > 0 } groups) Checker = Random.Of(groups);
        World.Trace?.Line($"fault: {fault.Name}");
        if (fault.Begin(this))
        {
            _counts[fault.Name] = _counts.GetValueOrDefault(fault.Name) + 1;
            Marks.Reached($"fault: {fault.Name}");
        }

        Next();
    });

    /// <summary>How long a fault lasts: mostly short, sometimes for long.</summary>
    internal long Duration() => Random.OneIn(5) ? Random.Between(500_000, 4_000_000) : Random.Between(10_000, 800_000);

    /// <summary>Ends a fault after a while, or when all is healed.</summary>
    internal bool Until(long us, Action undo)
    {
        long number = _undoNumber++;
        _undo.Add(number, undo);
        World.After(us, () =>
        {
            if (_undo.Remove(number)) undo();
        });
        return true;
    }

    internal bool For(Action undo) => Until(Duration(), undo);

    internal int AnyNode() => Random.Below(Nodes.Count);

    /// <summary>A node that runs, or null.</summary>
    internal SimulatedNode? Running()
    {
        int first = AnyNode();
        for (int i = 0; i < Nodes.Count; i++)
            if (Nodes[(first + i) % Nodes.Count] is { IsUp: true } node) return node;
        return null;
    }

    internal int IndexOf(SimulatedNode node)
    {
        for (int i = 0; i < Nodes.Count; i++)
            if (Nodes[i] == node) return i;
        throw new ArgumentException($"{node.Name} is no node of the cluster.");
    }

    /// <summary>Crashes a node and starts it again later.</summary>
    internal bool Crash(SimulatedNode? node, UnsyncedFate fate, long downUs = -1)
    {
        if (node is not { IsUp: true }) return false;
        node.Crash(fate);
        StartLater(node, downUs < 0 ? Duration() : downUs);
        return true;
    }

    internal void StartLater(SimulatedNode node, long us) => World.After(us, () => TryStart(node));

    private void TryStart(SimulatedNode node)
    {
        if (node.IsUp || Checker.Lost.Contains(node)) return;
        if (!_nodes.Start(node) && !Checker.Lost.Contains(node)) StartLater(node, 200_000);
    }

    /// <summary>A process that its node's log has stopped is ended, and started again as a supervisor would.</summary>
    internal void Supervise(SimulatedNode node, UnsyncedFate fate)
    {
        if (node.IsUp && node.HasStopped) Crash(node, fate, Random.Between(10_000, 500_000));
    }

    /// <summary>Does so for all nodes: an error of the last fault may reach its node when all have ended.</summary>
    internal void Supervise()
    {
        foreach (SimulatedNode node in Nodes) Supervise(node, UnsyncedFate.Random);
    }

    /// <summary>Ends all faults and starts all nodes that can start.</summary>
    internal void Heal()
    {
        _healed = true;
        World.Trace?.Line("all faults end");
        foreach (Action undo in _undo.Values.ToArray()) undo();
        _undo.Clear();
        Network.Lost = Network.RepliesLost = Network.Repeated = Network.Reordered = 0;
        Network.Reported = 0;
        Network.ReportsDead = true;
        foreach (SimulatedNode node in Nodes)
        {
            node.Resume();
            Supervise(node, UnsyncedFate.Random);
            StartLater(node, 0);
        }
    }

    /// <summary>Whether the group survives that a node loses all it has: with every configuration that may turn out to be the group's.</summary>
    internal bool CanLose(SimulatedNode node) => Checker.Survives(node) && Administrator.Survives(node);

    internal SimulatedNode? Leader => Cluster.Leader;

    internal RaftCore? CoreOf(SimulatedNode node) => node.Core(Cluster.Group.Name) is { } core && core.Group == Cluster.Group ? core : null;
}
