using Quorleans.Raft;
using History = Quorleans.Linearizability;

namespace Quorleans.Simulation;

/// <summary>One run of one seed: a cluster and its clients under faults, then healed, then judged.</summary>
public sealed class Simulator
{
    private const long HistoryBudget = 2_000_000;
    private readonly SimulationOptions _options;
    private readonly Swarm _swarm;
    private readonly World _world;
    private readonly SimulatedCluster _cluster;
    private readonly Workload _workload;
    private readonly Checker _checker;
    private readonly FaultInjector _faults;
    private readonly Marks _marks = new();

    private Simulator(SimulationOptions options)
    {
        _options = options;
        _swarm = Swarm.Of(options);
        _world = new World(options.Seed, options.Trace is null ? null : new Trace(options.Trace));
        FaultyNetwork network = new(_world.Random.Fork(), _swarm.Nodes + _swarm.Spares + _swarm.Clients, _swarm.Nodes + _swarm.Spares)
        {
            HopUs = _swarm.HopUs, JitterUs = _swarm.JitterUs, Reported = _swarm.ReportedLosses, ReportsDead = _swarm.ReportsDead,
        };
        SimulatedNodeOptions nodes = new()
        {
            Machines = (_, _) => WatchedMachine.OfStore(), Raft = _swarm.Raft, SnapshotChunkBytes = _swarm.SnapshotChunkBytes, LogSegmentBytes = _swarm.LogSegmentBytes,
        };
        _cluster = new SimulatedCluster(_world, _swarm.Nodes, nodes, network, spares: _swarm.Spares);
        for (int i = 0; i < _cluster.Nodes.Count; i++)
            _cluster.Nodes[i].Options = nodes with { SnapshotThresholdBytes = _swarm.SnapshotThresholdBytes[i], RetainedBytes = _swarm.RetainedBytes[i] };
        SimulatedClerk[] clerks = new SimulatedClerk[_swarm.Clients];
        for (int i = 0; i < clerks.Length; i++)
            clerks[i] = new SimulatedClerk(_world, _cluster.Network, $"c{i + 1}", _swarm.Clerk) { ReadsFromFollowers = _swarm.FollowerReads };
        _checker = new Checker(_cluster, _marks, WatchedMachine.OfStore().Digest);
        foreach (SimulatedNode node in _cluster.Nodes) _checker.Watch(node);
        _workload = new Workload(_world, _swarm, clerks, _marks);
        _faults = new FaultInjector(_swarm, _cluster, network, clerks, _workload, _checker, _marks);
        _world.AfterEvent = ThrowIfViolated;
    }

    /// <summary>Runs a seed.</summary>
    /// <param name="options">What to run.</param>
    public static RunResult Run(SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Profile == ShardedSimulator.Profile ? new ShardedSimulator(options).Run() : new Simulator(options).Run();
    }

    private RunResult Run()
    {
        try
        {
            _cluster.Start();
            _workload.Start();
            _faults.Start();
            _world.RunUntil(_swarm.SafetyUs);
            CheckThatItLives();
            CheckHistory();
        }
        catch (ViolatedException)
        {
            // It stands in the checker.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _checker.Fail("nothing throws where nobody catches", e.ToString());
        }

        return new RunResult
        {
            Options = _options, Violation = _checker.Violation, Simulated = _world.Now, Events = _world.Events, Operations = _workload.Ended,
            Faults = _faults.Counts, Marks = _marks, States = _checker.States, Elections = _checker.Leaders, Committed = _checker.Committed.Value,
        };
    }

    /// <summary>Once nothing fails any more, everything comes to an end, and everybody to the same state.</summary>
    private void CheckThatItLives()
    {
        _faults.Heal();
        _workload.CountAnew();
        long limitUs = _world.NowUs + 10_000_000 + (40 * _swarm.ElectionUs);
        while (_workload.LeastSucceeded() < 2) Wait(limitUs, "every caller succeeds again");
        _workload.Stop();
        while (!_workload.IsIdle) Wait(limitUs, "every operation ends");
        while (!AllAgree()) Wait(limitUs, "all nodes come to the same state");
        ThrowIfViolated();
    }

    private void Wait(long limitUs, string forWhat)
    {
        if (_world.NowUs >= limitUs) _checker.Fail("liveness once faults have stopped", $"it never comes that {forWhat}; {Describe()}");
        ThrowIfViolated();
        _world.RunUntil(_world.NowUs + 20_000);
        _faults.Supervise();
    }

    private bool AllAgree() => AllAgree(_checker);

    /// <summary>Whether all members of a group whose disks are sound have come to the same end of the log; their states must be equal then.</summary>
    internal static bool AllAgree(Checker checker)
    {
        RaftCore? first = null;
        UInt128 digest = 0;
        SimulatedCluster cluster = checker.Cluster;
        foreach (SimulatedNode node in cluster.Nodes)
        {
            if (!checker.MustServe(node, out MemberId self)) continue;
            if (node.Core(cluster.Group.Name) is not { } core || core.Group != cluster.Group || core.Self != self || core.Leader.IsNone || core.Applied != core.Log.LastIndex) return false;
            UInt128 state = ((WatchedMachine)node.Machine(cluster.Group.Name)!).Digest;
            if (first is not null && (core.Leader != first.Leader || core.Log.LastIndex != first.Log.LastIndex)) return false;
            if (first is not null && state != digest) checker.Fail("state machine safety", $"{node.Name} stands at {core.Applied} with another state than the others");
            (first, digest) = (core, state);
        }

        return true;
    }

    private void CheckHistory() => CheckHistory(_workload, (invariant, what) => _checker.Fail(invariant, what));

    internal static void CheckHistory(Workload workload, Action<string, string> fail)
    {
        List<History.Operation> history = workload.TakeHistory();
        foreach (History.KeyResult key in History.HistoryChecker.Check(history, HistoryBudget))
        {
            if (key.Verdict == History.Verdict.NotLinearizable) fail("linearizability", $"the history of {key.Key}:\n{key.Explanation}");
            if (key.Verdict == History.Verdict.GaveUp) fail("linearizability", $"could not be decided for {key.Key} within {HistoryBudget} configurations");
        }
    }

    private string Describe() => string.Join("; ", _cluster.Nodes.Select(node =>
        node.Core(_cluster.Group.Name) is { } core
            ? $"{node.Name} {core.Role} of term {core.Term}, leader {core.Leader}, commit {core.Commit}, applied {core.Applied}, last {core.Log.LastIndex}, {node.Failure(_cluster.Group.Name) ?? "sound"}"
            : $"{node.Name} {(node.IsUp ? $"without its replica, {node.Raft?.StopReason ?? "sound"}" : $"down: {node.StartFailure?.Message}")}"));

    private void ThrowIfViolated()
    {
        if (_checker.Violation is not null) throw new ViolatedException();
    }

    private sealed class ViolatedException : Exception;
}
