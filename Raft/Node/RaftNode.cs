using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

/// <summary>
/// Owns all replicas of a node and its log. One loop, never two at once: it drains an inbox, steps the groups that have work, hands their writes
/// to the log as one batch, sends, applies and answers. It runs on the thread pool, or right on the log's thread when a batch has become durable;
/// never on an Orleans activation's scheduler. Its clock ticks whatever the disk does.
/// </summary>
public sealed partial class RaftNode : IThreadPoolWorkItem, IAsyncDisposable
{
    private const int MaximumEventsPerTurn = 4096;
    private const string WayOut = "Mend the disk, then start the node again.";
    private static readonly object True = true, False = false;
    private readonly ConcurrentQueue<(Replica? Replica, object What)> _inbox = new();
    private readonly ConcurrentDictionary<string, Replica> _replicas = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Replica>.AlternateLookup<ReadOnlySpan<char>> _replicasByName;
    private Replica[] _inOrder = []; // the same replicas as they came, for the loop: a turn must not depend on hashes
    private readonly List<Replica> _dirty = [];
    private readonly Queue<(long Batch, TaskCompletionSource Waiter)> _durableWaiters = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly IRaftTransport _transport;
    private readonly ILogger _logger;
    private readonly INodeScheduler _scheduler;
    private ITimer? _timer;
    private int _scheduled;
    private int _ticksDue;
    private int _stalledTicks;
    private long _watchedSequence;
    private int _logCompleted;
    private int _disposed;
    private int _stopped;
    private volatile bool _abandoned; // everybody who waited for a stopped node was told
    private volatile string? _stopReason;

    private RaftNode(RaftNodeOptions options, IRaftTransport transport, ILogger logger, INodeScheduler scheduler, WriteAheadLog log, SnapshotStore snapshots)
    {
        (Options, _transport, _logger, _scheduler, Log, Snapshots) = (options, transport, logger, scheduler, log, snapshots);
        Admission = new Admission(options.MaxSubmissions, options.MaxSubmissionBytes, node: null);
        Load = new LoadStatistics(Admission);
        _replicasByName = _replicas.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How it drives its replicas.</summary>
    public RaftNodeOptions Options { get; }

    /// <summary>The log's counters and latencies.</summary>
    public LogStatistics Statistics => Log.Statistics;

    /// <summary>What it sent to other nodes.</summary>
    public TrafficStatistics Traffic { get; } = new();

    /// <summary>What clients wait for here, and what was refused to them.</summary>
    public LoadStatistics Load { get; }

    /// <summary>Called on the loop when a replica's role, term or leader changed. Must be quick.</summary>
    public Action<ReplicaState>? RoleChanged { get; set; }

    internal Admission Admission { get; }

    internal WriteAheadLog Log { get; }

    internal SnapshotStore Snapshots { get; }

    /// <summary>How many ticks there were.</summary>
    internal long Ticks { get; private set; }

    internal string DiskFullMessage => $"Node {Options.Node} has no space left for its log; free some space on its disk.";

    /// <summary>Ends when the node's log or disk has failed, so that nothing runs here any more, and says why; never when it is stopped.</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>Why it has stopped for good, for a person; null while it runs. Its replicas have failed with it then, but it need not have one. Any thread may read it.</summary>
    public string? StopReason => _stopReason;

    /// <summary>The groups that have a replica here.</summary>
    public IEnumerable<GroupId> Groups => _replicas.Values.Select(replica => replica.Core.Group);

    void IThreadPoolWorkItem.Execute() => Run();

    /// <summary>A replica, for a simulator to look at between events.</summary>
    internal Replica? FindReplica(string group) => _replicas.GetValueOrDefault(group);

    internal void Post(Replica? replica, object what)
    {
        _inbox.Enqueue((replica, what));
        Schedule();
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) _scheduler.Schedule(this);
    }

    /// <summary>On the log's thread: the loop goes on right here if it is free, which saves a hop.</summary>
    private void OnLogCompleted()
    {
        Volatile.Write(ref _logCompleted, 1);
        if (Interlocked.Exchange(ref _scheduled, 1) == 0) Run();
    }

    private void OnTimer(object? state)
    {
        Interlocked.Increment(ref _ticksDue);
        Schedule();
    }

    private void Run()
    {
        do
        {
            do TurnOrStop();
            while (HasWork);
            Volatile.Write(ref _scheduled, 0);
        }
        while (HasWork && Interlocked.Exchange(ref _scheduled, 1) == 0);
    }

    private bool HasWork => !_inbox.IsEmpty || (_stopReason is not null && !_abandoned) || Volatile.Read(ref _logCompleted) != 0 || Volatile.Read(ref _ticksDue) != 0;

    private void TurnOrStop()
    {
        try
        {
            Turn();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A replica's own failures end in Guard. What comes here is the node's: its log takes nothing more.
            LogNodeFailed(_logger, Options.Node, e);
            FailNode($"Node {Options.Node} stopped: {e.Message}");
            if (_abandoned) _ended.TrySetResult();
        }
    }

    private void Turn()
    {
        if (_stopReason is not null)
        {
            Abandon(_stopReason);
            return;
        }

        if (Interlocked.Exchange(ref _logCompleted, 0) != 0)
        {
            _durableAt = Options.Time.GetTimestamp();
            OnDurable();
        }

        for (int i = 0; i < MaximumEventsPerTurn && _inbox.TryDequeue(out (Replica? Replica, object What) next); i++)
        {
            if (next.Replica is null) ((ILoopCall)next.What).Run();
            else Take(next.Replica, next.What);
        }

        int ticks = Interlocked.Exchange(ref _ticksDue, 0);
        // After a pause of the process the lost time is not made up: its messages are still on their way.
        if (ticks > 0) Tick(Math.Min(ticks, 2));
        Guarded(static replica => replica.Write());
        if (ticks > 0) RewriteLaggards();
        Flush();
        if (ticks > 0 && Log.NeedsSeal && GatherLeft() is null) Log.Seal();
        Guarded(static replica => replica.Send());
        SendBundles();
        Guarded(static replica => replica.Finish());
        foreach (Replica replica in _dirty) replica.IsDirty = false;
        _dirty.Clear();
    }

    private void OnDurable()
    {
        if (Log.Failure is { } failure)
        {
            FailNode($"The log of node {Options.Node} failed: {failure.Message}");
            return;
        }

        long durable = Log.DurableSequence;
        while (_durableWaiters.TryPeek(out (long Batch, TaskCompletionSource Waiter) next) && next.Batch <= durable) _durableWaiters.Dequeue().Waiter.SetResult();
        foreach (Replica replica in _inOrder)
            if (replica.AwaitsDurability) Guard(replica, static (r, batch) => r.OnDurable((long)batch), durable);
    }

    private void Tick(int ticks)
    {
        Ticks += ticks;
        bool stalled = IsDiskStalled(ticks);
        foreach (Replica replica in _inOrder)
        {
            Guard(replica, static (r, _) => r.CleanSnapshots(), this);
            replica.EstimateWait();
            Guard(replica, static (r, isStalled) => r.Core.OnStorageStalled((bool)isStalled), stalled ? True : False);
            for (int i = 0; i < ticks; i++) Guard(replica, static (r, _) => r.Core.Tick(), this);
        }

        CleanRetired();
    }

    /// <summary>
    /// The disk's watchdog: whether the same batch has been on its way, or kept from it, for an election timeout. Counted in ticks and not by the clock:
    /// after a pause of the whole process the disk has done nothing wrong.
    /// </summary>
    private bool IsDiskStalled(int ticks)
    {
        long durable = Log.DurableSequence;
        bool waits = Log.IsInFlight || Log.HasPending;
        _stalledTicks = waits && durable == _watchedSequence ? _stalledTicks + ticks : 0;
        _watchedSequence = durable;
        return _stalledTicks >= Options.Raft.ElectionTicks;
    }

    /// <summary>
    /// Live entries of quiet groups are written again at the log's end, so that they do not pin old segments. Only when all cores' writes of the turn
    /// stand in the log: a core may have cut what the log still holds, and what it holds instead is not yet the log's to write.
    /// </summary>
    private void RewriteLaggards()
    {
        foreach (Laggard laggard in Log.Laggards())
        {
            if (!_replicas.TryGetValue(laggard.Group.Id.Name, out Replica? replica) || replica.Failure is not null) continue;
            Log.Rewrite(laggard.Group, replica.Core.Log.Range(laggard.First, laggard.Last));
        }
    }

    /// <summary>Gives a replica something to do, or to know.</summary>
    internal void Take(Replica replica, object what) => Guard(replica, static (replica, what) => replica.Handle(what), what);

    /// <summary>Does something with a replica; what is impossible stops that replica only.</summary>
    private void Guard(Replica replica, Action<Replica, object> action, object argument)
    {
        try
        {
            action(replica, argument);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(replica, e);
        }

        if (replica.IsDirty) return;
        replica.IsDirty = true;
        _dirty.Add(replica);
    }

    private void Guarded(Action<Replica> action)
    {
        foreach (Replica replica in _dirty)
        {
            if (replica.Failure is not null) continue;
            try
            {
                action(replica);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Fail(replica, e);
            }
        }
    }

    private void Fail(Replica replica, Exception reason)
    {
        LogReplicaFailed(_logger, replica.Core.Group, Options.Node, reason, replica.Describe());
        replica.Fail($"Replica {replica.Core.Group} on {Options.Node} stopped: {reason.Message}");
    }

    /// <summary>Runs work with files beside the loop; its result comes back as the replica's work.</summary>
    internal void RunAside(Replica replica, Func<CancellationToken, object> work) =>
        _scheduler.RunAside(() =>
        {
            try
            {
                Post(replica, work(_stopping.Token));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Post(replica, new LoopCall<bool>(() => throw new InvalidOperationException($"Snapshot work failed: {e.Message}", e), _scheduler.Completions));
            }
        });

    internal void OnRoleChanged(Replica replica) => RoleChanged?.Invoke(replica.Describe());

    /// <summary>
    /// A write or sync of a snapshot that failed says about the disk what one of the log does: another attempt could succeed without the data (or the
    /// directory's names) being there. Only a full disk may be tried again, with another file.
    /// </summary>
    internal void StopIfDiskFailed(Exception reason)
    {
        if (reason is not DiskException or DiskFullException) return;
        LogNodeFailed(_logger, Options.Node, reason);
        FailNode($"The disk of node {Options.Node} failed: {reason.Message}");
        Schedule();
    }

    private void FailNode(string reason)
    {
        Stop($"{reason} {WayOut}");
        _failed.TrySetResult(reason);
    }

    internal void ReportSnapshotFailure(GroupId group, Exception reason) => LogSnapshotFailed(_logger, group, Options.Node, reason);

    [LoggerMessage(1, LogLevel.Critical, "Replica {Group} on {Node} stopped for good: {State}")]
    private static partial void LogReplicaFailed(ILogger logger, GroupId group, string node, Exception reason, ReplicaState state);

    [LoggerMessage(3, LogLevel.Critical, "Node {Node} stopped for good.")]
    private static partial void LogNodeFailed(ILogger logger, string node, Exception reason);

    [LoggerMessage(2, LogLevel.Warning, "A snapshot of {Group} on {Node} failed and will be tried again.")]
    private static partial void LogSnapshotFailed(ILogger logger, GroupId group, string node, Exception reason);
}
