using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

/// <summary>
/// Drives one group's core on this node: everything here runs on the node's loop. A turn has three steps for each replica that has work, so
/// that all groups share one write: <see cref="Write"/>, then the node flushes the log, then <see cref="Send"/> and <see cref="Finish"/>.
/// </summary>
internal sealed partial class Replica
{
    private const int LeastRetryMs = 10, MostRetryMs = 1000, LookTicks = 10;
    private readonly RaftNode _node;
    private readonly RaftOutput _output = new();
    private readonly Queue<Proposal> _proposals = new();
    private readonly InboundRequests _requests = new();
    private readonly Dictionary<long, Query> _queries = [];
    private readonly Queue<(LogIndex Index, Query Query)> _confirmed = new();
    private readonly Queue<(long Batch, DurabilityToken Token)> _tokens = new();
    private long _context;
    private int _retryAfterMs = LeastRetryMs;
    private int _pauseMs = LeastRetryMs;
    private long _nextLook;
    private long _taken;
    private long _takenBefore;
    private long _refusedBefore;

    internal Replica(RaftNode node, RaftCore core, LogGroup log, IStateMachine machine, string? snapshotFile)
    {
        (_node, Core, LogGroup, Machine) = (node, core, log, machine);
        Writes = new Admission(node.Options.Raft.MaxPendingEntries, node.Options.Raft.MaxPendingBytes, node.Admission);
        Reads = new Admission(node.Options.Raft.MaxPendingReads, node.Options.Raft.MaxPendingBytes, node.Admission);
        if (core.Snapshot is { } snapshot && snapshotFile is not null) _snapshotFiles[snapshot.Index] = snapshotFile;
    }

    internal RaftCore Core { get; }

    internal LogGroup LogGroup { get; }

    internal IStateMachine Machine { get; }

    /// <summary>Clients' batches of writes that wait for the loop or for their outcome.</summary>
    internal Admission Writes { get; }

    /// <summary>Clients' batches of reads that do.</summary>
    internal Admission Reads { get; }

    /// <summary>After how many milliseconds it is worth another try when it is busy; see <see cref="EstimateWait"/>. Any thread may read.</summary>
    internal int RetryAfterMs => Volatile.Read(ref _retryAfterMs);

    /// <summary>Why it stopped, or null.</summary>
    internal string? Failure { get; private set; }

    /// <summary>It is in the node's list of replicas with work.</summary>
    internal bool IsDirty { get; set; }

    /// <summary>The log's batch to which it wrote last; 0: none.</summary>
    internal long LastWrote { get; private set; }

    private string? LeaderNode => Core.Membership.TryGet(Core.Leader, out Member leader) ? leader.Node : null;

    internal void Handle(object what)
    {
        if (Failure is not null)
        {
            LetGo(what);
            Refuse(what, Failure);
            return;
        }

        switch (what)
        {
            case Proposal proposal: Propose(proposal); break;
            case Query query: Ask(query); break;
            case InboundRequest request: Receive(request); break;
            case RaftMessage reply: Core.Step(reply); break;
            case Undelivered lost: OnUndelivered(lost.Request); break;
            case ILoopCall call: call.Run(); break;
            case PendingChange change: Begin(change); break;
            case JoinAnswered answered: OnJoinAnswered(answered.Member); break;
            default: HandleSnapshotWork(what); break;
        }
    }

    private void Propose(Proposal proposal)
    {
        int size = proposal.Payload.Length + LogEntry.Overhead;
        if (!_node.Log.CanAppend(size))
        {
            if (_node.Log.HasRoom(size)) RefuseAsBusy(proposal, Writes, "The disk is slower than what is written; too much waits for it.");
            else proposal.SetResult(Answer(OutcomeStatus.DiskFull, error: _node.DiskFullMessage));
            return;
        }

        if (Core.Role == RaftRole.Leader && LogIsTooLong)
        {
            RefuseAsBusy(proposal, Writes, SnapshotIsSlow);
            return;
        }

        Core.RaiseTime(proposal.NotBefore);
        ProposeResult result = Core.Propose(proposal.Payload, proposal.IsUrgent);
        if (result.Status == ProposeStatus.Accepted)
        {
            (proposal.Index, proposal.Term, proposal.TakenAt) = (result.Index, result.Term, _node.Ticks);
            _proposals.Enqueue(proposal);
            _taken++;
            return;
        }

        if (result.Status == ProposeStatus.Busy)
        {
            RefuseAsBusy(proposal, Writes, RaftNode.TooMuchPending);
            return;
        }

        proposal.SetResult(result.Status switch
        {
            ProposeStatus.TooLarge => Answer(OutcomeStatus.Invalid, error: $"The batch has {proposal.Payload.Length} bytes, more than an entry may have."),
            _ => Answer(OutcomeStatus.NotLeader),
        });
    }

    private void Ask(Query query)
    {
        if (!query.OnFollower && Core.Role != RaftRole.Leader)
        {
            query.SetResult(Answer(OutcomeStatus.NotLeader));
            return;
        }

        long context = ++_context;
        _queries.Add(context, query);
        if (Core.RequestRead(context, query.IsUrgent))
        {
            _taken++;
            return;
        }

        _queries.Remove(context);
        RefuseAsBusy(query, Reads, "Too many reads are waiting.");
    }

    private void RefuseAsBusy(Submission submission, Admission where, string reason)
    {
        where.CountRefusal();
        submission.SetResult(Answer(OutcomeStatus.Busy, error: reason) with { RetryAfterMs = RetryAfterMs });
    }

    /// <summary>
    /// Called at ticks. Who is refused shall wait for as long as the oldest proposal has, at least; and longer and longer while there are many refusals for each batch that
    /// is taken, since a refusal costs half of what a batch does: a fixed pause would let ten times as many clients use up the processors to be refused.
    /// </summary>
    internal void EstimateWait()
    {
        if (_node.Ticks >= _nextLook)
        {
            long refused = Writes.Refused + Reads.Refused;
            (long taken, long more) = (_taken - _takenBefore, refused - _refusedBefore);
            (_takenBefore, _refusedBefore, _nextLook) = (_taken, refused, _node.Ticks + LookTicks);
            if (more * 8 > taken) _pauseMs = Math.Min(_pauseMs * 2, MostRetryMs);
            else if (more * 16 <= taken) _pauseMs = Math.Max(_pauseMs / 2, LeastRetryMs);
        }

        long ticks = _proposals.TryPeek(out Proposal? oldest) ? _node.Ticks - oldest.TakenAt : 0;
        Volatile.Write(ref _retryAfterMs, (int)Math.Clamp(ticks * _node.Options.Raft.TickMilliseconds, _pauseMs, MostRetryMs));
    }

    private void Receive(InboundRequest request)
    {
        if (request.Message.Entries.Length > 0 && !_node.Log.CanAppend(SizeOf(request.Message.Entries)))
        {
            request.Refuse(_node.DiskFullMessage);
            return;
        }

        if (request.Message.Entries.Length > 0 && LogIsTooLong)
        {
            request.Refuse(SnapshotIsSlow);
            return;
        }

        long context = ++_context;
        _requests.Add(context, request);
        Core.Step(request.Message.WithContext(context));
    }

    internal static int SizeOf(LogEntry[] entries)
    {
        int size = 0;
        foreach (LogEntry entry in entries) size += entry.Size;
        return size;
    }

    private void OnUndelivered(RaftMessage request)
    {
        if (request.Kind == MessageKind.ReadIndex) Core.OnReadIndexLost(request.Sequence);
        else Core.OnUnreachable(request.To, request.Sequence);
        ConsiderJoin(request.To);
    }

    /// <summary>Takes the core's output and puts what must be kept into the log's next batch.</summary>
    internal void Write()
    {
        Core.TakeOutput(_output);
        if (_output.Token is not { } token) return;
        if (_output.Restore is { } snapshot) LogInstalledSnapshot(snapshot, _output.RestoreKeepsLog);
        if (_output.HardState is { } state) _node.Log.SetHardState(LogGroup, state);
        if (_output.AppendTo >= _output.AppendFrom) _node.Log.AppendEntries(LogGroup, Core.Log.Range(_output.AppendFrom, _output.AppendTo));
        LastWrote = _node.Log.PendingSequence;
        _tokens.Enqueue((LastWrote, token));
    }

    /// <summary>Sends what may leave.</summary>
    internal void Send()
    {
        foreach (RaftMessage message in _output.Messages)
        {
            if (message.Context != 0)
            {
                if (_requests.TryRemove(message.Context, out InboundRequest? request)) request.SetAnswer(message);
            }
            else if (message.Kind == MessageKind.InstallSnapshot)
            {
                SendChunk(message);
            }
            else
            {
                _node.SendRequest(this, message);
            }
        }
    }

    /// <summary>Applies what is committed, and answers proposals and reads.</summary>
    internal void Finish()
    {
        foreach (RaftMessage chunk in _output.Chunks) ReceiveChunk(chunk);
        if (_output.ApplyTo >= _output.ApplyFrom) Apply(_output.ApplyFrom, _output.ApplyTo);
        AdvanceChange();
        if (_output.RoleChanged) OnRoleChanged();
        foreach (ReadState read in _output.Reads) EndRead(read);
        AnswerReads();
        if (Core.IsRemoved) _node.Retire(this);
        else ConsiderSnapshot();
    }

    /// <summary>The log's batches up to <paramref name="batch"/> are durable.</summary>
    internal void OnDurable(long batch)
    {
        while (_tokens.TryPeek(out (long Batch, DurabilityToken Token) next) && next.Batch <= batch)
        {
            _tokens.Dequeue();
            Core.OnAppended(next.Token);
        }
    }

    internal bool AwaitsDurability => _tokens.Count > 0;

    private void Apply(LogIndex from, LogIndex to)
    {
        foreach (ref readonly LogEntry entry in Core.Log.Range(from, to))
        {
            Proposal? waiting = TakeProposal(entry.Index);
            bool isOurs = waiting is not null && waiting.Term == entry.Term;
            ReadOnlyMemory<byte> result = default;
            if (entry.Kind == EntryKind.Command) result = Machine.Apply(entry, isOurs);
            waiting?.SetResult(isOurs ? Answer(OutcomeStatus.Ok, result) : Answer(OutcomeStatus.Unknown));
        }

        Core.OnApplied(to);
    }

    private Proposal? TakeProposal(LogIndex index)
    {
        while (_proposals.TryPeek(out Proposal? first) && first.Index <= index)
        {
            _proposals.Dequeue();
            if (first.Index == index) return first;
            first.SetResult(Answer(OutcomeStatus.Unknown));
        }

        return null;
    }

    private void OnRoleChanged()
    {
        _node.OnRoleChanged(this);
        if (Core.Role == RaftRole.Leader) return;
        // Whether these are ever committed is up to the next leader; their callers go and ask it.
        while (_proposals.TryDequeue(out Proposal? proposal)) proposal.SetResult(Answer(OutcomeStatus.Unknown));
    }

    private void EndRead(ReadState read)
    {
        if (!_queries.Remove(read.Context, out Query? query)) return;
        if (read.Confirmed) _confirmed.Enqueue((read.Index, query));
        else query.SetResult(Answer(OutcomeStatus.NotLeader));
    }

    private void AnswerReads()
    {
        while (_confirmed.TryPeek(out (LogIndex Index, Query Query) read) && read.Index <= Core.Applied)
        {
            _confirmed.Dequeue();
            read.Query.SetResult(Answer(OutcomeStatus.Ok, Machine.Query(read.Query.Payload)));
        }
    }

    // A read may be answered by a follower. Then it says that it is one: whom a client takes for the leader gets its writes and sets its clock.
    private Outcome Answer(OutcomeStatus status, ReadOnlyMemory<byte> result = default, string? error = null)
    {
        string? leader = status != OutcomeStatus.Ok ? LeaderNode : Core.Role == RaftRole.Leader ? null : LeaderNode ?? "";
        return new Outcome(status, result, leader, Core.Now, error);
    }

    /// <summary>Something impossible happened, or the disk failed: this replica stops for good, and says why.</summary>
    internal void Fail(string reason)
    {
        if (Failure is not null) return;
        Failure = reason;
        while (_proposals.TryDequeue(out Proposal? proposal)) proposal.SetResult(Answer(OutcomeStatus.Unknown, error: reason));
        while (_confirmed.TryDequeue(out (LogIndex Index, Query Query) read)) Refuse(read.Query, reason);
        foreach (Query query in _queries.Values) Refuse(query, reason);
        _requests.RefuseAll(reason);
        _change?.TrySetResult(new MembershipOutcome(null, IsDone: false, null, null, reason));
        _queries.Clear();
        _tokens.Clear();
    }

    internal static void Refuse(object what, string reason)
    {
        switch (what)
        {
            case Proposal proposal: proposal.SetResult(new Outcome(OutcomeStatus.Unavailable, default, null, default, reason)); break;
            case Query query: query.SetResult(new Outcome(OutcomeStatus.Unavailable, default, null, default, reason)); break;
            case InboundRequest request: request.Refuse(reason); break;
            case PendingChange change: change.TrySetResult(new MembershipOutcome(null, IsDone: false, null, null, reason)); break;
            case ILoopCall call: call.Abandon(new RaftRefusedException(reason)); break;
            default: break;
        }
    }

    private bool HasRoom(int bytes) => _node.Log.State is not (LogState.Open or LogState.Full) || _node.Log.HasRoom(bytes);

    internal ReplicaState Describe() => new()
    {
        Group = Core.Group,
        Self = Core.Self,
        Failure = Failure,
        // An entry of the largest size: while that is refused, somebody's writes are, whatever small ones still fit.
        DiskFull = !HasRoom(_node.Options.Raft.MaxEntryBytes + LogEntry.Overhead),
        DiskExhausted = !HasRoom(LogEntry.Overhead),
        IsMember = Core.Membership.IsMember(Core.Self),
        Role = Core.Role,
        Term = Core.Term,
        Leader = LeaderNode,
        First = Core.Log.FirstIndex,
        Last = Core.Log.LastIndex,
        Durable = Core.Durable,
        Commit = Core.Commit,
        Applied = Core.Applied,
        Snapshot = Core.Snapshot?.Index ?? LogIndex.Zero,
        LogBytes = LogGroup.LiveBytes,
        PendingEntries = Core.PendingEntries,
        PendingBytes = Core.PendingBytes,
        Writes = Writes.Count,
        Reads = Reads.Count,
        WaitingRequests = _requests.Count,
        WaitingRequestBytes = _requests.Bytes,
        Membership = Core.Membership,
        Members = Core.DescribeMembers(),
        Time = Core.Now,
    };
}
