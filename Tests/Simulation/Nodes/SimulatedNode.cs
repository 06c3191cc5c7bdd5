using Microsoft.Extensions.Logging;
using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>
/// A machine of the simulated world: a disk, and on it the very <see cref="RaftNode"/> that serves in production. It can be started, crashed with any
/// fate of what was not synced, paused, and started again from what the disk kept.
/// </summary>
public sealed class SimulatedNode : SimulatedProcess
{
    private readonly SimulatedNetwork _network;
    private readonly NodeLog _log;
    private readonly Dictionary<string, IStateMachine> _machines = new(StringComparer.Ordinal);
    private readonly SimulationRandom _random;

    /// <summary>Creates a machine with an empty disk; it is not started.</summary>
    /// <param name="world">Where it lives.</param>
    /// <param name="network">What connects it.</param>
    /// <param name="name">Its name, such as <c>n1</c>.</param>
    /// <param name="options">How it is set up.</param>
    public SimulatedNode(World world, SimulatedNetwork network, string name, SimulatedNodeOptions options) : base(world, name)
    {
        ArgumentNullException.ThrowIfNull(network);
        (_network, Options, _random) = (network, options, world.Random.Fork());
        NodeId = NewNodeId();
        Disk = new SimulatedDisk((int)(_random.Next() >> 33), name);
        _log = new NodeLog(this);
        network.Add(this);
    }

    /// <summary>How it is set up.</summary>
    public SimulatedNodeOptions Options { get; set; }

    /// <summary>The random id of its disk.</summary>
    public Guid NodeId { get; private set; }

    /// <summary>Its disk.</summary>
    public SimulatedDisk Disk { get; }

    /// <summary>How long its disk takes.</summary>
    public DiskTimes DiskTimes { get; } = new();

    /// <summary>How fast its clock runs, in parts of a million; 1,000,000 is right.</summary>
    public long ClockRate { get; set; } = 1_000_000;

    /// <summary>The running node, or null.</summary>
    public RaftNode? Raft { get; private set; }

    /// <summary>Why the last start failed, or null.</summary>
    public Exception? StartFailure { get; private set; }

    /// <summary>Sees what it does, or null.</summary>
    public INodeObserver? Observer { get; set; }

    /// <summary>Called when the power went in the middle of a disk operation; the node is down then. When null, <see cref="Crash"/> loses what was not synced.</summary>
    public Action<SimulatedNode>? PowerLost { get; set; }

    /// <summary>By how many milliseconds a batch of writes to a group is to be delayed; null: never. Of one life.</summary>
    public Func<string, ReadOnlyMemory<byte>, int>? DelayOfWrites { get; set; }

    /// <summary>Called when a replica, or the whole node, stopped for good by itself: an invariant was broken, or the disk failed.</summary>
    public Action<SimulatedNode, Exception>? Failed { get; set; }

    /// <summary>Starts it from what its disk holds.</summary>
    /// <returns>False when that failed; see <see cref="StartFailure"/>.</returns>
    public bool Start()
    {
        Begin();
        StartFailure = null;
        _machines.Clear();
        RaftNodeOptions options = new()
        {
            ClusterId = Options.ClusterId, Node = Name, NodeId = NodeId, Raft = Options.Raft, SnapshotThresholdBytes = Options.SnapshotThresholdBytes,
            SnapshotGrowth = Options.SnapshotGrowth, LogSegmentBytes = Options.LogSegmentBytes, RetainedBytes = Options.RetainedBytes, SnapshotChunkBytes = Options.SnapshotChunkBytes,
            NextSeed = _random.Next, Time = new NodeClock(World, this),
        };
        try
        {
            Raft = RaftNode.Start(options, Disk, new NodeTransport(World, _network, this), MakeMachine, _log, new NodeScheduler(World, this));
            World.Trace?.Line($"{Name} starts");
            Observer?.Started(this);
            return true;
        }
        catch (Exception e) when (e is LogCorruptException or NodeDirectoryException or DiskException or SimulatedCrashException or SnapshotCorruptException)
        {
            World.Trace?.Line($"{Name} cannot start: {e.Message}");
            StartFailure = e;
            if (Disk.IsCrashed) LosePower();
            else End();
            Observer?.StartFailed(this, e);
            return false;
        }
    }

    /// <summary>Creates its replica of a group unless it has one; the replica is durable some time later.</summary>
    /// <param name="group">The group.</param>
    /// <param name="initial">The configuration that the group begins with. Nothing happens when this node's disk is not in it.</param>
    public void CreateGroup(GroupId group, Membership initial)
    {
        // When it fails, the node goes down with its log; whoever starts it next creates the group again.
        _ = CreateGroupAsync(group, initial);
    }

    internal Task CreateGroupAsync(GroupId group, Membership initial)
    {
        ArgumentNullException.ThrowIfNull(initial);
        if (Raft is null) throw new InvalidOperationException($"{Name} does not run.");
        if (Raft.HasGroup(group.Name)) return Task.CompletedTask;
        MemberId self = MemberId.None;
        foreach (Member member in initial.All())
            if (member.Node == Name && member.NodeId == NodeId) self = member.Id;
        // Every other disk waits until a leader says that it was added.
        return self.IsNone ? Task.CompletedTask : Raft.CreateGroupAsync(group, self, initial, MakeMachine(group));
    }

    /// <summary>Ends it at once, in the middle of whatever it does.</summary>
    /// <param name="fate">What becomes of what was not synced: kept when only the process died.</param>
    public void Crash(UnsyncedFate fate)
    {
        if (!IsUp && !Disk.IsCrashed) return;
        World.Trace?.Line($"{Name} crashes, unsynced: {fate}");
        Die();
        Disk.Restart(fate);
    }

    /// <summary>While it is down: it gets an empty directory, which has another id.</summary>
    public void Wipe()
    {
        if (IsUp) throw new InvalidOperationException($"{Name} runs.");
        World.Trace?.Line($"{Name} gets an empty disk");
        Disk.Lose(_ => true);
        NodeId = NewNodeId();
    }

    private Guid NewNodeId() => new((int)_random.Next(), 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1);

    /// <summary>The state machine of a group, while the node runs.</summary>
    public IStateMachine? Machine(string group) => _machines.GetValueOrDefault(group);

    /// <summary>Its replica of a group, to look at between events; null when there is none.</summary>
    internal Replica? ReplicaOf(string group) => Raft?.FindReplica(group);

    /// <summary>The core of its replica of a group, to look at between events; null when there is none.</summary>
    public RaftCore? Core(string group) => Raft?.FindReplica(group)?.Core;

    /// <summary>Its log's handle of a group, to look at between events; null when there is none.</summary>
    internal LogGroup? LogOf(string group) => Raft?.FindReplica(group)?.LogGroup;

    /// <summary>Its log, to look at between events; null while it is down.</summary>
    internal WriteAheadLog? Log => Raft?.Log;

    /// <summary>Why its replica of a group does not run any more, or null while it does.</summary>
    public string? Failure(string group) => Raft?.FindReplica(group)?.Failure;

    /// <summary>Whether it, or a replica of it, has stopped by itself, such as when its disk failed: it serves nothing until it is started again.</summary>
    public bool HasStopped
    {
        get
        {
            if (Raft is not { } raft) return false;
            // Not every node that stops has a replica that tells: the first one may just have been in the making.
            if (raft.StopReason is not null || raft.Log.State == LogState.Failed) return true;
            foreach (string group in _machines.Keys)
                if (Failure(group) is not null) return true;
            return false;
        }
    }

    /// <summary>Live bytes of a group's log: encoded entries and hard state, without padding.</summary>
    public long LogBytes(string group) => Raft?.FindReplica(group)?.LogGroup.LiveBytes ?? 0;

    /// <summary>Takes in a client's batch, as the replica's grain does.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="isQuery">Whether it is a batch of reads.</param>
    /// <param name="payload">The batch.</param>
    /// <param name="answer">Takes the answer; not called when the node dies before.</param>
    /// <param name="onFollower">Whether a follower may answer it.</param>
    /// <param name="incarnation">The group's incarnation that is meant, or 0 for any.</param>
    public void Submit(string group, bool isQuery, ReadOnlyMemory<byte> payload, Action<ClerkReply> answer, bool onFollower = false, long incarnation = 0)
    {
        if (!isQuery && DelayOfWrites?.Invoke(group, payload) is > 0 and int delay) After(delay * 1000L, () => Take(group, isQuery, payload, answer, onFollower, incarnation));
        else Take(group, isQuery, payload, answer, onFollower, incarnation);
    }

    private void Take(string group, bool isQuery, ReadOnlyMemory<byte> payload, Action<ClerkReply> answer, bool onFollower, long incarnation)
    {
        if (Raft is not { } raft) return;
        int life = Life;
        bool isUrgent = group == GroupNames.Controller || KeyValueCodec.IsUrgent(payload.Span);
        Task<Outcome> task = isQuery
            ? raft.QueryAsync(group, incarnation, payload, onFollower, isUrgent)
            : raft.ProposeAsync(group, incarnation, payload, isUrgent: isUrgent);
        if (task.IsCompleted) Answer();
        else task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(Answer);

        void Answer()
        {
            if (Life != life) return;
            Outcome outcome = task.Result;
            if (outcome.Status == OutcomeStatus.Busy) Observer?.Refuses(this, isQuery);
            answer(new ClerkReply(ToStatus(outcome.Status), outcome.Result, outcome.Leader, outcome.Time.Milliseconds, outcome.Error, RetryAfterMs: outcome.RetryAfterMs));
        }
    }

    internal long Elapsing(long delayUs) => delayUs * 1_000_000 / ClockRate;

    internal void Report(LogLevel level, Exception? reason, Func<string> text)
    {
        // What a power cut makes of the work at hand is no failure of the node's: it is dead.
        if (Disk.IsCrashed) return;
        World.Trace?.Line($"{Name} reports: {text()} {reason?.Message}");
        if (level == LogLevel.Critical) Failed?.Invoke(this, reason ?? new InvalidOperationException(text()));
    }

    internal void LosePower()
    {
        Die();
        World.Trace?.Line($"{Name} lost its power in the middle of a disk operation");
        if (PowerLost is { } handler) handler(this);
        else Disk.Restart(UnsyncedFate.Random);
    }

    private void Die()
    {
        if (Raft is not null) Observer?.Ended(this);
        (Raft, DelayOfWrites) = (null, null);
        if (IsUp) End();
    }

    private IStateMachine MakeMachine(GroupId group)
    {
        return _machines[group.Name] = Options.Machines(this, group);
    }

    private static ReplyStatus ToStatus(OutcomeStatus status) => status switch
    {
        OutcomeStatus.Ok => ReplyStatus.Ok,
        OutcomeStatus.NotLeader => ReplyStatus.NotLeader,
        OutcomeStatus.Busy => ReplyStatus.Busy,
        OutcomeStatus.Invalid => ReplyStatus.Invalid,
        OutcomeStatus.Unavailable => ReplyStatus.Unavailable,
        OutcomeStatus.DiskFull => ReplyStatus.DiskFull,
        _ => ReplyStatus.Unknown,
    };
}
