using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Simulation;

/// <summary>One run of one seed in the sharded world: the shard controller, groups that come and go, Clerks, and shards that move all the time, under faults.</summary>
internal sealed class ShardedSimulator
{
    /// <summary>The profile that it is run by.</summary>
    internal const string Profile = "sharded";

    private readonly SimulationOptions _options;
    private readonly Swarm _swarm;
    private readonly ShardedSwarm _sharded;
    private readonly World _world;
    private readonly ShardedCluster _cluster;
    private readonly ShardedChecker _checker;
    private readonly ShardMover _mover;
    private readonly Workload _workload;
    private readonly FaultInjector _faults;
    private readonly Marks _marks = new();

    internal ShardedSimulator(SimulationOptions options)
    {
        _options = options;
        _sharded = ShardedSwarm.Of(options);
        Swarm swarm = Swarm.Of(options);
        // What takes a node's data away for good is left to the other worlds: here every group's quorum would have to survive it.
        _swarm = swarm with { Keys = _sharded.Keys, SafetyUs = _sharded.SafetyUs, Faults = [.. swarm.Faults.Where(static fault => !fault.LosesDisks), .. ShardFaults.All.Where(fault => !options.Without.Contains(fault.Name))] };
        _world = new World(options.Seed, options.Trace is null ? null : new Trace(options.Trace));
        int nodes = _swarm.Nodes + _swarm.Spares;
        FaultyNetwork network = new(_world.Random.Fork(), nodes + _swarm.Clients + 1, nodes)
        {
            HopUs = _swarm.HopUs, JitterUs = _swarm.JitterUs, Reported = _swarm.ReportedLosses, ReportsDead = _swarm.ReportsDead,
        };
        _checker = new ShardedChecker(_marks);
        ShardedClusterOptions cluster = new() { Shards = _sharded.Shards, Handoff = _sharded.Handoff, Driver = _sharded.Driver, Watch = _checker };
        SimulatedNodeOptions? setup = null;
        _cluster = new ShardedCluster(
            _world, _swarm.Nodes, _swarm.Spares,
            machines => setup = new SimulatedNodeOptions { Machines = machines, Raft = _swarm.Raft, SnapshotChunkBytes = _swarm.SnapshotChunkBytes, LogSegmentBytes = _swarm.LogSegmentBytes },
            cluster, network);
        for (int i = 0; i < nodes; i++)
            _cluster.Base.Nodes[i].Options = setup! with { SnapshotThresholdBytes = _swarm.SnapshotThresholdBytes[i], RetainedBytes = _swarm.RetainedBytes[i] };
        SimulatedClerk[] clerks = new SimulatedClerk[_swarm.Clients];
        string[] names = [.. _cluster.Base.Nodes.Select(static node => node.Name)];
        for (int i = 0; i < clerks.Length; i++)
            clerks[i] = new SimulatedClerk(_world, _cluster.Network, $"c{i + 1}", ClerkOptionsOf(_swarm.Clerk, names)) { ReadsFromFollowers = _swarm.FollowerReads };
        _checker.Watch(_cluster);
        _mover = new ShardMover(_cluster, _sharded, new SimulatedRequester(_world, _cluster.Network, $"c{clerks.Length + 1}", GroupNames.Controller, names), _marks);
        _workload = new Workload(_world, _swarm, clerks, _marks);
        _faults = new FaultInjector(_swarm, _cluster.Base, network, clerks, _workload, _checker.Find(_cluster.Base.Group)!, _marks) { Groups = () => _checker.Living };
        _checker.Facts.Froze = move =>
        {
            Action<ShardMove>? next = _faults.NextFreeze;
            _faults.NextFreeze = null;
            next?.Invoke(move);
        };
        _world.AfterEvent = ThrowIfViolated;
    }

    private ClerkOptions ClerkOptionsOf(ClerkOptions clerk, IReadOnlyList<string> nodes) => new()
    {
        Controller = GroupNames.Controller, Shards = _sharded.Shards, Nodes = nodes, OperationTimeout = clerk.OperationTimeout, AttemptTimeout = clerk.AttemptTimeout,
        SuspectAfter = clerk.SuspectAfter, MaxBatchesInFlight = clerk.MaxBatchesInFlight, Batching = clerk.Batching,
    };

    internal RunResult Run()
    {
        try
        {
            _cluster.Base.Start();
            _workload.Start();
            _mover.Start();
            _faults.Start();
            _world.RunUntil(_swarm.SafetyUs);
            CheckThatItLives();
            Simulator.CheckHistory(_workload, _checker.Fail);
        }
        catch (ViolatedException)
        {
            // It stands in the checker.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _checker.Fail("nothing throws where nobody catches", e.ToString());
        }

        HashSet<ulong> states = [];
        foreach (Checker group in _checker.All) states.UnionWith(group.States);
        return new RunResult
        {
            Options = _options, Violation = _checker.Look(), Simulated = _world.Now, Events = _world.Events, Operations = _workload.Ended, Faults = _faults.Counts, Marks = _marks,
            States = states, Elections = _checker.All.Sum(static group => group.Leaders), Committed = _checker.All.Sum(static group => group.Committed.Value),
        };
    }

    /// <summary>Once nothing fails any more, everything comes to an end: operations, moves, groups that left; and nothing is left over.</summary>
    private void CheckThatItLives()
    {
        _faults.Heal();
        _mover.Stop();
        _workload.CountAnew();
        long limitUs = _world.NowUs + 30_000_000 + (60 * _swarm.ElectionUs);
        while (_workload.LeastSucceeded() < 2) Wait(limitUs, "every caller succeeds again");
        _workload.Stop();
        while (!_workload.IsIdle || !_mover.IsIdle) Wait(limitUs, "every operation ends");
        string? open = null;
        while ((open = ShardedEnd.Missing(_cluster, _checker)) is not null) Wait(limitUs, open);
        ThrowIfViolated();
    }

    private void Wait(long limitUs, string forWhat)
    {
        if (_world.NowUs >= limitUs) _checker.Fail("liveness once faults have stopped", $"it never comes that {forWhat}; {ShardedEnd.Describe(_cluster, _checker)}");
        ThrowIfViolated();
        _world.RunUntil(_world.NowUs + 20_000);
        _faults.Supervise();
    }

    private void ThrowIfViolated()
    {
        if (_checker.Look() is not null) throw new ViolatedException();
    }

    private sealed class ViolatedException : Exception;
}
