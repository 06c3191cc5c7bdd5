namespace Quorleans.Raft;

/// <summary>
/// One member of one group: the Raft algorithm as a pure, deterministic state machine. Events go in by its methods, what is to be done comes out
/// by <see cref="TakeOutput"/>. No clock, task, thread, lock, I/O or logger inside: time comes from <see cref="Tick"/>, randomness from a seed.
/// </summary>
/// <remarks>
/// Storage is asynchronous throughout: the core goes on while its writes are on their way, and holds back by itself whatever must not leave before
/// they are durable (vote grants, acknowledgements, its own vote, its own share in a commit). The files are split by concern: Election, Replication,
/// Reads, Snapshots, Durability, Transfer, Configuration, Membership.
/// </remarks>
public sealed partial class RaftCore
{
    private readonly RaftOptions _options;
    private readonly SortedList<MemberId, Progress> _peers = [];
    private SplitMix64 _random;
    private long _sequence;

    /// <summary>Makes a member from what its disk held.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="group">Its group.</param>
    /// <param name="self">Its own id.</param>
    /// <param name="restore">What its disk held.</param>
    /// <param name="seed">
    /// Decides its election timeouts and where the numbers of its requests begin. Different for each member and at each start: with the numbers of an
    /// earlier life, a late answer to that life's read could pass for the answer to this one's.
    /// </param>
    /// <exception cref="InvariantViolationException">The disk's contents contradict each other.</exception>
    public RaftCore(RaftOptions options, GroupId group, MemberId self, RaftRestore restore, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(restore);
        options.Validate();
        (_options, Group, Self, _random) = (options, group, self, new SplitMix64(seed));
        _sequence = (long)(_random.Next() >> 24); // so that no answer to a question of an earlier life fits one of this

        SnapshotMetadata? snapshot = restore.Snapshot;
        Log = new RaftLog(snapshot?.Index ?? LogIndex.Zero, snapshot?.Term ?? Term.Zero, snapshot?.Time ?? LogTime.Zero);
        Snapshot = snapshot;
        _configurations.Add(snapshot?.Membership ?? restore.InitialMembership);
        foreach (LogEntry entry in restore.Entries) AppendToLog(entry);

        (Term, Vote) = (restore.HardState.Term, restore.HardState.Vote);
        Invariant.Check(Log.LastTerm <= Term || Log.LastIndex == LogIndex.Zero, $"The log holds term {Log.LastTerm}, beyond the hard state's {Term}.");
        Durable = Log.LastIndex;
        _handed = Log.LastIndex;
        Commit = LogIndex.Max(Log.BaseIndex, LogIndex.Min(restore.HardState.Commit, Log.LastIndex));
        Applied = Log.BaseIndex;
        _applyHanded = Log.BaseIndex;
        ResetElectionTimer();
    }

    /// <summary>The group.</summary>
    public GroupId Group { get; }

    /// <summary>This member.</summary>
    public MemberId Self { get; }

    /// <summary>What it is at the moment.</summary>
    public RaftRole Role { get; private set; }

    /// <summary>The latest term seen.</summary>
    public Term Term { get; private set; }

    /// <summary>Who got its vote in <see cref="Term"/>.</summary>
    public MemberId Vote { get; private set; }

    /// <summary>Who leads in <see cref="Term"/>, as far as it knows.</summary>
    public MemberId Leader { get; private set; }

    /// <summary>The log.</summary>
    public RaftLog Log { get; }

    /// <summary>The highest index known committed.</summary>
    public LogIndex Commit { get; private set; }

    /// <summary>The highest index that the driver has applied.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>The highest index that is durable on this member's own disk.</summary>
    public LogIndex Durable { get; private set; }

    /// <summary>The newest snapshot, or null.</summary>
    public SnapshotMetadata? Snapshot { get; private set; }

    /// <summary>The group's clock: the leader's goes on with its ticks, a follower's is as of the leader's last message.</summary>
    public LogTime Now => Role == RaftRole.Leader
        ? new LogTime(_leaderTimeBase.Milliseconds + _leaderTicks * _options.TickMilliseconds)
        : _heardTime > Log.LastTime ? _heardTime : Log.LastTime;

    /// <summary>
    /// Sets a leader's clock forward, never back, so that what it appends from here on is stamped no earlier. For what comes from another group with times of
    /// that group's log. Nothing happens on a member that does not lead.
    /// </summary>
    /// <param name="time">The earliest time of the next entry.</param>
    public void RaiseTime(LogTime time)
    {
        if (Role == RaftRole.Leader && time > Now) _leaderTimeBase = new LogTime(_leaderTimeBase.Milliseconds + time.Milliseconds - Now.Milliseconds);
    }

    /// <summary>Lets one tick of time pass.</summary>
    public void Tick()
    {
        _electionElapsed++;
        if (Role == RaftRole.Leader) TickLeader();
        else if (_electionElapsed >= _electionTimeout) OnElectionTimeout();
    }

    /// <summary>Takes in a message from another member.</summary>
    /// <param name="message">The message, already checked to be for this cluster, group incarnation and member.</param>
    public void Step(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Invariant.Check(message.To == Self, $"Member {Self} was given a message for {message.To}.");
        if (IsRemoved || IsSettledBeforeTerms(message)) return;
        if (message.Term > Term && !AdoptTerm(message)) return;
        if (message.Term < Term)
        {
            AnswerStale(message);
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.RequestVote: StepRequestVote(message); break;
            case MessageKind.RequestVoteReply: StepRequestVoteReply(message); break;
            case MessageKind.AppendEntries: StepAppendEntries(message); break;
            case MessageKind.AppendEntriesReply: StepAppendEntriesReply(message); break;
            case MessageKind.InstallSnapshot: StepInstallSnapshot(message); break;
            case MessageKind.InstallSnapshotReply: StepInstallSnapshotReply(message); break;
            case MessageKind.TimeoutNow: StepTimeoutNow(message); break;
            case MessageKind.ReadIndex: StepReadIndex(message); break;
            case MessageKind.ReadIndexReply: StepReadIndexReply(message); break;
            case MessageKind.TimeoutNowReply: break;
            case MessageKind.Join or MessageKind.JoinReply: break; // between nodes
            default: break;
        }
    }

    /// <summary>Offers a command to the log. Only a leader takes it.</summary>
    /// <param name="payload">The command; must never change again.</param>
    /// <param name="isUrgent">Whether it goes before clients' commands: what the cluster itself needs is not refused because of them.</param>
    /// <returns>Where it stands, or why it was not taken.</returns>
    public ProposeResult Propose(ReadOnlyMemory<byte> payload, bool isUrgent = false)
    {
        // A leader on its way out takes no more: what it has is decided before it goes, and nobody is left without an answer.
        if (Role != RaftRole.Leader || !_transferTarget.IsNone || !Membership.IsVoter(Self)) return new ProposeResult(ProposeStatus.NotLeader, default, default);
        if (payload.Length > _options.MaxEntryBytes) return new ProposeResult(ProposeStatus.TooLarge, default, default);
        if (IsBusy(payload.Length, isUrgent)) return new ProposeResult(ProposeStatus.Busy, default, default);
        return new ProposeResult(ProposeStatus.Accepted, AppendAsLeader(EntryKind.Command, payload), Term);
    }

    /// <summary>Entries that are not applied here yet, committed or not.</summary>
    public long PendingEntries => Log.LastIndex - Applied;

    /// <summary>Their bytes, as budgets count them.</summary>
    public long PendingBytes => _pendingBytes;

    private bool IsBusy(int bytes, bool isUrgent) => isUrgent
        ? _pendingBytes + bytes > 2 * _options.MaxPendingBytes
        : _pendingBytes + bytes > _options.MaxPendingBytes || PendingEntries >= _options.MaxPendingEntries;

    /// <summary>Takes what is to be done since the last call. See <see cref="RaftOutput"/> for the order in which to do it.</summary>
    /// <param name="output">Filled anew.</param>
    public void TakeOutput(RaftOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Clear();
        AdvanceMembership();
        if (Role == RaftRole.Leader)
        {
            StartReadRound();
            SendEntries();
        }

        TakeWrites(output);
        Move(_outbox, output.Messages);
        Move(_chunks, output.Chunks);
        Move(_readStates, output.Reads);
        TakeApply(output);
        output.RoleChanged = _roleChanged;
        _roleChanged = false;
    }

    private static void Move<T>(List<T> from, List<T> to)
    {
        to.AddRange(from);
        from.Clear();
    }

    private void TakeApply(RaftOutput output)
    {
        LogIndex to = LogIndex.Min(Commit, Durable);
        if (to <= _applyHanded) return;
        (output.ApplyFrom, output.ApplyTo) = (_applyHanded.Next, to);
        _applyHanded = to;
    }

    /// <summary>The driver has applied everything up to <paramref name="index"/>.</summary>
    /// <param name="index">At most the last <see cref="RaftOutput.ApplyTo"/>.</param>
    public void OnApplied(LogIndex index)
    {
        Invariant.Check(index <= _applyHanded, $"Applied {index}, but only {_applyHanded} was handed out.");
        Invariant.Check(index <= Durable, $"Applied {index}, but only {Durable} is durable here.");
        if (index <= Applied) return;
        foreach (ref readonly LogEntry entry in Log.Range(Applied.Next, index)) _pendingBytes -= entry.Size;
        Applied = index;
    }
}
