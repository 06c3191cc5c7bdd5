using Microsoft.Extensions.Logging;
using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

// The node's life, and what others may ask of it.
public sealed partial class RaftNode
{
    internal const string TooMuchPending = "Too much is waiting for its outcome already.";

    /// <summary>Opens a node's log, loads its replicas from what it finds, and starts its clock.</summary>
    /// <param name="options">How it drives its replicas.</param>
    /// <param name="disk">The node's data directory, locked by the caller.</param>
    /// <param name="transport">Carries messages.</param>
    /// <param name="machines">Makes the state machine of a group.</param>
    /// <param name="logger">Where failures are reported.</param>
    /// <param name="scheduler">Where its work runs; threads when null. The node disposes it.</param>
    /// <returns>The node, running.</returns>
    /// <exception cref="NodeDirectoryException">The log or a snapshot was written by a newer program; nothing was changed.</exception>
    /// <exception cref="LogCorruptException">The log is corrupt at or below what was acknowledged: nothing is served from it.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static RaftNode Start(RaftNodeOptions options, IDisk disk, IRaftTransport transport, Func<GroupId, IStateMachine> machines, ILogger logger, INodeScheduler? scheduler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(machines);
        scheduler ??= new NodeThreads(options.Node);
        WriteAheadLog? log = null;
        try
        {
            log = WriteAheadLog.Open(disk, new WalOptions { NodeId = options.NodeId, Time = options.Time, SegmentBytes = options.LogSegmentBytes }, scheduler, out LogRecovery recovery);
            if (recovery.Corruption is { NewerFormat: > 0 } newer) throw Newer(disk, newer.File, $"has format {newer.NewerFormat}; this program knows up to {WriteAheadLog.Format}");
            if (recovery.Corruption is { } corruption) throw new LogCorruptException(corruption);
            RaftNode node = new(options, transport, logger, scheduler, log, new SnapshotStore(disk));
            node.OpenLedger(disk, recovery, machines);
            node.Recover(disk, recovery, machines);
            log.Completed = _ => node.OnLogCompleted();
            TimeSpan tick = TimeSpan.FromMilliseconds(options.Raft.TickMilliseconds);
            if (options.MaxGather > TimeSpan.Zero) node._gatherTimer = options.Time.CreateTimer(node.OnGathered, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            node._timer = options.Time.CreateTimer(node.OnTimer, null, tick, tick);
            return node;
        }
        catch
        {
            log?.Dispose();
            scheduler.DisposeAsync().AsTask().GetAwaiter().GetResult(); // nothing runs in it yet
            throw;
        }
    }

    private void Recover(IDisk disk, LogRecovery recovery, Func<GroupId, IStateMachine> machines)
    {
        Snapshots.DeleteUnreferenced(recovery.Groups.Where(group => group.SnapshotFile is not null).Select(group => group.SnapshotFile!));
        foreach (RecoveredGroup group in recovery.Groups)
        {
            if (WasRemoved(group))
            {
                Log.RemoveGroup(group.Log);
                continue;
            }

            IStateMachine machine = machines(group.Id);
            if (group.SnapshotFile is not null) Install(disk, group.SnapshotFile, machine);

            RaftRestore restore = new()
            {
                HardState = group.HardState, InitialMembership = group.Initial, Snapshot = group.Snapshot, Entries = group.Entries,
            };
            AddReplica(group.Id, group.Self, restore, group.Log, machine, group.SnapshotFile);
        }
    }

    // What the checksums prove to be whole and cannot be understood all the same is another program's, and left alone.
    private void Install(IDisk disk, string snapshot, IStateMachine machine)
    {
        try
        {
            using SnapshotReader file = Snapshots.Open(snapshot);
            using Stream body = file.OpenBody();
            machine.Install(machine.Load(body, CancellationToken.None));
        }
        catch (SnapshotCorruptException e) when (e.NewerFormat > 0)
        {
            throw Newer(disk, snapshot, $"has format {e.NewerFormat}; this program knows up to {SnapshotStore.Format}");
        }
        catch (InvalidDataException e)
        {
            throw Newer(disk, snapshot, $"cannot be understood: {e.Message.TrimEnd('.')}");
        }
    }

    private static NodeDirectoryException Newer(IDisk disk, string file, string what) => new(
        NodeDirectoryError.NewerFormat, disk.Path, $"'{Path.Combine(disk.Path, file)}' {what}. Use the newer program that wrote it; nothing was changed.");

    private void AddReplica(GroupId id, MemberId self, RaftRestore restore, LogGroup log, IStateMachine machine, string? snapshotFile)
    {
        Replica replica = new(this, new RaftCore(Options.Raft, id, self, restore, Options.NextSeed()), log, machine, snapshotFile);
        if (!_replicas.TryAdd(id.Name, replica)) throw new InvalidOperationException($"Group {id.Name} has a replica here already.");
        _inOrder = [.. _inOrder, replica];
    }

    /// <summary>Creates this node's replica of a group that has never run here; ends when that is durable.</summary>
    /// <param name="id">The group.</param>
    /// <param name="self">This node's member id in it.</param>
    /// <param name="initial">The configuration that the group begins with, the same on all its nodes.</param>
    /// <param name="machine">Its state machine, empty.</param>
    /// <exception cref="RaftRefusedException">It has run here before: a member that has forgotten its votes must not begin again.</exception>
    public Task CreateGroupAsync(GroupId id, MemberId self, Membership initial, IStateMachine machine) => BeginReplicaAsync(id, self, initial, () => machine);

    /// <summary>Whether a group has a replica here.</summary>
    public bool HasGroup(string name) => _replicas.ContainsKey(name);

    /// <summary>Offers a command. The task ends when it is applied here, or its fate is out of this replica's hands.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="incarnation">The incarnation that is meant, or 0 for any.</param>
    /// <param name="payload">The command; must not change any more.</param>
    /// <param name="notBefore">Sets the group's clock forward to this first, if it is earlier, so that the entry is stamped no earlier.</param>
    /// <param name="isUrgent">Whether the cluster itself needs it: it is not refused because of what clients want.</param>
    public Task<Outcome> ProposeAsync(string group, long incarnation, ReadOnlyMemory<byte> payload, LogTime notBefore = default, bool isUrgent = false)
    {
        if (!TryAdmit(group, incarnation, payload, isQuery: false, isUrgent, out Replica? replica, out Outcome refusal)) return Task.FromResult(refusal);
        OutcomeSource source = new(_scheduler.Completions);
        Post(replica, new Proposal(payload, notBefore, isUrgent, replica.Writes, source));
        return source.Task;
    }

    /// <summary>Offers commands of several groups, which go through the log together.</summary>
    /// <param name="batches">The commands.</param>
    /// <param name="patience">How long outcomes are waited for: a group that cannot commit holds up the others no longer.</param>
    /// <returns>A task for each, in their order, of which those may be under way that took longer.</returns>
    public async Task<Task<Outcome>[]> ProposeTogetherAsync(IReadOnlyList<GroupBatch> batches, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(batches);
        SubmissionBundle bundle = new(this, batches.Count, _scheduler.Completions);
        for (int i = 0; i < batches.Count; i++)
        {
            GroupBatch batch = batches[i];
            if (TryAdmit(batch.Group, batch.Incarnation, batch.Payload, isQuery: false, isUrgent: false, out Replica? replica, out Outcome refusal))
                bundle.Set(i, new Proposal(batch.Payload, default, isUrgent: false, replica.Writes, bundle.Add(i, replica)));
            else bundle.Refuse(i, refusal);
        }

        if (bundle.IsEmpty) return bundle.Outcomes;
        Post(null, bundle);
        await bundle.Ended.WaitAsync(patience, Options.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!bundle.Ended.IsCompleted)
        {
            // When the node stops meanwhile, all of them have their outcomes by that.
            await ((Task)CallAsync(null, bundle.LoseWait)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await bundle.Ended.ConfigureAwait(false);
        }

        return bundle.Outcomes;
    }

    /// <summary>Asks a linearizable read.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="incarnation">The incarnation that is meant, or 0 for any.</param>
    /// <param name="payload">The request; must not change any more.</param>
    /// <param name="onFollower">Whether a follower may answer it too, which spares the leader the look-up and costs a hop.</param>
    /// <param name="isUrgent">Whether the cluster itself needs it: it is not refused because of what clients want.</param>
    public Task<Outcome> QueryAsync(string group, long incarnation, ReadOnlyMemory<byte> payload, bool onFollower = false, bool isUrgent = false)
    {
        if (!TryAdmit(group, incarnation, payload, isQuery: true, isUrgent, out Replica? replica, out Outcome refusal)) return Task.FromResult(refusal);
        OutcomeSource source = new(_scheduler.Completions);
        Post(replica, new Query(payload, onFollower, isUrgent, replica.Reads, source));
        return source.Task;
    }

    /// <summary>Finds the replica and counts a batch in, before it is looked at any further: under overload most are refused here.</summary>
    private bool TryAdmit(
        string group, long incarnation, ReadOnlyMemory<byte> payload, bool isQuery, bool isUrgent, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Replica? replica, out Outcome refusal)
    {
        refusal = default;
        replica = null;
        if (_stopReason is { } stopped)
            refusal = new Outcome(OutcomeStatus.Unavailable, default, null, default, stopped);
        else if (!_replicas.TryGetValue(group, out Replica? found) || (incarnation != 0 && found.Core.Group.Incarnation != incarnation))
            refusal = new Outcome(OutcomeStatus.Unavailable, default, FindOther(group), default, $"Node {Options.Node} has no replica of {group}.");
        else if (!(isQuery ? found.Reads : found.Writes).TryEnter(payload.Length, isUrgent))
            refusal = new Outcome(OutcomeStatus.Busy, default, null, default, TooMuchPending, found.RetryAfterMs);
        else if (found.Machine.Validate(payload, isQuery) is { } error)
            refusal = LetGo(isQuery ? found.Reads : found.Writes, payload.Length, error);
        else
            replica = found;
        return replica is not null;
    }

    private static Outcome LetGo(Admission admission, int bytes, string error)
    {
        admission.Leave(bytes);
        return new Outcome(OutcomeStatus.Invalid, default, null, default, error);
    }

    /// <summary>Takes in another member's request and gives its answer.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="frame">The encoded request; must not change any more.</param>
    /// <returns>The encoded answer.</returns>
    /// <exception cref="RaftRefusedException">It is not for this cluster, group incarnation or member, or nothing runs here.</exception>
    public Task<byte[]> HandleAsync(string group, ReadOnlyMemory<byte> frame)
    {
        // Not thrown: a node that has no replica of a group, or another one than its peers believe, refuses all their requests.
        if (_stopReason is { } stopped) return Refusal(new RaftRefusedException(stopped));
        if (MessageCodec.IsJoin(frame, out GroupId joined) && joined.Name == group) return JoinAsync(joined, frame);
        if (!_replicas.TryGetValue(group, out Replica? replica)) return Refusal(new RaftRefusedException($"Node {Options.Node} has no replica of {group}."));
        MessageError error = MessageCodec.TryDecode(Options.ClusterId, replica.Core.Group, frame, out RaftMessage? message);
        return error == MessageError.None ? AnswerAsync(replica, message!) : Refusal(new RaftRefusedException(error, Explain(replica.Core.Group, frame, error)));

        static Task<byte[]> Refusal(RaftRefusedException reason) => Task.FromException<byte[]>(reason);
    }

    private async Task<byte[]> AnswerAsync(Replica replica, RaftMessage message)
    {
        if (message.To < replica.Core.Self && await CallAsync(replica, () => replica.Core.AnswerToRemoved(message)).ConfigureAwait(false) is { } answer)
            return MessageCodec.Encode(Options.ClusterId, replica.Core.Group, answer);
        if (message.To != replica.Core.Self)
            throw new RaftRefusedException($"NotMember: {Options.Node} is member {replica.Core.Self} of {replica.Core.Group}, not {message.To}.");
        SingleRequest request = new(message, _scheduler.Completions);
        Post(replica, request);
        RaftMessage reply = await request.Answer.ConfigureAwait(false);
        return MessageCodec.Encode(Options.ClusterId, replica.Core.Group, reply);
    }

    /// <summary>A replica as it stands, or null when there is none.</summary>
    public async Task<ReplicaState?> GetStateAsync(string group)
    {
        if (!_replicas.TryGetValue(group, out Replica? replica)) return null;
        // A replica that failed is described all the same: that is when people look.
        return _stopReason is null && replica.Failure is null
            ? await CallAsync(replica, replica.Describe).ConfigureAwait(false)
            : replica.Describe() with { Failure = replica.Failure ?? _stopReason };
    }

    /// <summary>Looks at a group's state machine where nothing changes it meanwhile.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="look">Given the machine, whether this replica leads, and the group's clock. Must be quick.</param>
    /// <exception cref="RaftRefusedException">There is no such replica, or it has stopped.</exception>
    public Task<T> LookAsync<T>(string group, Func<IStateMachine, bool, LogTime, T> look)
    {
        ArgumentNullException.ThrowIfNull(look);
        if (_stopReason is { } stopped) return Task.FromException<T>(new RaftRefusedException(stopped));
        return _replicas.TryGetValue(group, out Replica? replica)
            ? CallAsync(replica, () => look(replica.Machine, replica.Core.Role == RaftRole.Leader, replica.Core.Now))
            : Task.FromException<T>(new RaftRefusedException($"Node {Options.Node} has no replica of {group}."));
    }

    /// <summary>Hands a group's leadership to the member on another node. Returns once that is under way; the new leader shows in the state.</summary>
    public Task<TransferStatus> TransferLeadershipAsync(string group, string node)
    {
        if (!_replicas.TryGetValue(group, out Replica? replica)) return Task.FromResult(TransferStatus.NotLeader);
        return CallAsync(replica, () =>
        {
            foreach (Member member in replica.Core.Membership.All())
                if (member.Node == node) return replica.Core.TransferLeadership(member.Id);
            return replica.Core.Role == RaftRole.Leader ? TransferStatus.NotVoter : TransferStatus.NotLeader;
        });
    }

    /// <summary>Sets a group's clock forward if this node leads it and its clock is earlier; otherwise does nothing.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="time">The time of another group, whose deadlines shall mean the same here.</param>
    public void RaiseTime(string group, LogTime time)
    {
        if (_stopReason is not null || !_replicas.TryGetValue(group, out Replica? replica)) return;
        _ = CallAsync(replica, () =>
        {
            replica.Core.RaiseTime(time);
            return true;
        });
    }

    private string Explain(GroupId group, ReadOnlyMemory<byte> frame, MessageError error) => error == MessageError.NewerVersion
        ? $"Node {Options.Node} refuses a message for {group} of version {frame.Span[0]}; it understands {MessageCodec.OldestVersion} to {MessageCodec.NewestVersion}. Upgrade it."
        : $"Node {Options.Node} refuses a message for {group}: {error}.";

    private Task<T> CallAsync<T>(Replica? replica, Func<T> call)
    {
        LoopCall<T> work = new(call, _scheduler.Completions);
        Post(replica, work);
        return work.Task;
    }

    /// <summary>Stops at once, as a crash would: nothing is flushed, sent or handed over. Whoever waits is told.</summary>
    /// <param name="reason">Why, for those who wait.</param>
    public void Kill(string reason)
    {
        Stop(reason);
        Schedule();
    }

    private void Stop(string reason)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0) return;
        _stopReason = reason;
        _timer?.Dispose();
        _gatherTimer?.Dispose();
        _stopping.Cancel();
    }

    private void Abandon(string reason)
    {
        _abandoned = true;
        Interlocked.Exchange(ref _ticksDue, 0);
        Interlocked.Exchange(ref _logCompleted, 0);
        foreach (Replica replica in _replicas.Values) replica.Fail(reason);
        while (_durableWaiters.TryDequeue(out (long Batch, TaskCompletionSource Waiter) next)) next.Waiter.TrySetException(new RaftRefusedException(reason));
        while (_inbox.TryDequeue(out (Replica? Replica, object What) work)) Replica.Refuse(work.What, reason);
        _ended.TrySetResult();
    }

    /// <summary>Stops. What is acknowledged is durable already, so there is nothing to flush; leaderships are the host's to hand over first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        Kill($"Node {Options.Node} is stopped.");
        // No turn touches the log after the one that has told everybody: only then may it go (an abort at SIGTERM is what this costs otherwise).
        Schedule();
        await _ended.Task.ConfigureAwait(false);
        // The log's thread ends first: after it nothing touches the disk, and the directory may be unlocked.
        await _scheduler.DisposeAsync().ConfigureAwait(false);
        foreach (Replica replica in _replicas.Values) replica.CloseSnapshots();
        foreach ((_, Replica replica) in _retired) replica.CloseSnapshots();
        Log.Dispose();
        _stopping.Dispose();
    }
}
