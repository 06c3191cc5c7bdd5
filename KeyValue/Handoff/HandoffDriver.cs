namespace Quorleans.KeyValue.Handoff;

/// <summary>
/// Drives a replica group's hand-offs, at its leader: looks at what the group's log has decided and at the controller's newest configuration, and says the
/// next step of each move. State-driven: everything it remembers only spares repetitions, so a new leader, with a new or an old driver, just goes on.
/// Deterministic: the same calls give the same effects. Not safe for several threads at once.
/// </summary>
/// <remarks>
/// The host calls <see cref="Step"/> after every <see cref="PauseMs"/>, and at once after a hand-off entry was applied. Times are of any monotonic clock, in
/// milliseconds.
/// </remarks>
/// <param name="self">The group.</param>
/// <param name="options">How it drives.</param>
public sealed partial class HandoffDriver(GroupRef self, HandoffDriverOptions options)
{
    // One entry of the controller may plan moves of several shards, all with its index as their id.
    private readonly SortedDictionary<(long Move, ShardId Shard), MoveWork> _works = [];
    private readonly List<(long Move, ShardId Shard)> _over = [];
    private readonly Dictionary<(GroupRef Peer, bool IsSource), int> _active = [];
    private ControllerView? _view;
    private int _restMs;

    /// <summary>Whether something is under way, as the last step saw it.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>How long to wait until the next step unless there is news before, in milliseconds.</summary>
    public int PauseMs => IsBusy ? Math.Min(options.StepMs, _restMs) : options.IdleMs;

    /// <summary>Says what is to be done now.</summary>
    /// <param name="nowMs">The time.</param>
    /// <param name="isLeader">Whether this replica leads its group. If not, nothing is done and everything forgotten.</param>
    /// <param name="shards">The own group's shards as applied here, by number.</param>
    /// <param name="view">The newest configuration known; null when none is. Older ones than before are passed over.</param>
    /// <param name="effects">Where the effects go, in the order in which they are to be done.</param>
    public void Step(long nowMs, bool isLeader, IReadOnlyList<ShardStatus> shards, ControllerView? view, List<HandoffEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(shards);
        ArgumentNullException.ThrowIfNull(effects);
        IsBusy = false;
        _restMs = int.MaxValue;
        if (!isLeader)
        {
            foreach (MoveWork work in _works.Values) Slow(work, 0, effects);
            _works.Clear();
            return;
        }

        if (view is not null && (_view is null || view.Index >= _view.Index)) _view = view;
        if (_view is null) return;
        ForgetEnded(effects);
        _active.Clear();
        foreach (ShardStatus shard in shards)
        {
            IsBusy |= shard.Phase is ShardPhase.Exporting or ShardPhase.Importing or ShardPhase.Frozen;
            StepLeftover(nowMs, shard, effects);
        }

        foreach (MoveOrder order in InOrder(_view.Moves))
        {
            ShardMove move = order.Move;
            IsBusy |= move.From == self || move.To == self;
            if (move.Shard.Value >= shards.Count) continue;
            if (move.From == self) StepSource(nowMs, order, shards[move.Shard.Value], effects);
            else if (move.To == self) StepDestination(nowMs, move, shards[move.Shard.Value], effects);
        }
    }

    /// <summary>Takes in a source's answer to a <see cref="HandoffEffectKind.Pull"/>, however late.</summary>
    /// <param name="nowMs">The time.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="effects">Where the effects go.</param>
    public void Answered(long nowMs, in PullAnswer answer, List<HandoffEffect> effects)
    {
        ArgumentNullException.ThrowIfNull(effects);
        if (!_works.TryGetValue((answer.Move, answer.Shard), out MoveWork? work) || work.Move.To != self) return;
        work.IsAsking = false;
        TakeAnswer(nowMs, work, answer, effects);
    }

    /// <summary>Takes in that the source of a move has something new.</summary>
    /// <param name="moveId">The move.</param>
    /// <param name="shard">Its shard.</param>
    public void Poked(long moveId, ShardId shard)
    {
        if (!_works.TryGetValue((moveId, shard), out MoveWork? work)) return;
        // It froze: from now on clients wait for what is left.
        work.IsFullDelta = false;
        // What is awaited may have been answered before there was something new.
        if (work.IsAsking) work.IsPoked = true;
        else work.NextPullMs = MoveWork.Never;
    }

    /// <summary>What the end of a move leaves to do: no order of the controller speaks of it any more.</summary>
    private void StepLeftover(long nowMs, ShardStatus shard, List<HandoffEffect> effects)
    {
        ShardMove move = shard.Move;
        // The controller planned at least one move more than this view knows of.
        if (move.Id == 0 || move.Id > _view!.Index || IsOrdered(KeyOf(move))) return;
        switch (shard.Phase)
        {
            case ShardPhase.Frozen when shard.Shard.Value < _view.Epochs.Count && _view.Epochs[shard.Shard.Value] >= move.Epoch:
                Propose(nowMs, HandoffKind.Release, move, 0, effects);
                break;
            case ShardPhase.Importing:
                // The log decides: if the move was committed, the activation stands before this and it changes nothing.
                Propose(nowMs, HandoffKind.ImportCancel, move, 0, effects);
                break;
            case ShardPhase.Exporting:
                Propose(nowMs, HandoffKind.ExportAbort, move, 0, effects);
                break;
        }
    }

    /// <summary>Counts a move in if there is room beside those with a lower id.</summary>
    private bool TryEnter(GroupRef peer, bool isSource)
    {
        int count = _active.GetValueOrDefault((peer, isSource));
        _active[(peer, isSource)] = count + 1;
        return count < options.MovesPerPeer;
    }

    private void ForgetEnded(List<HandoffEffect> effects)
    {
        foreach (((long Move, ShardId Shard) key, MoveWork work) in _works)
        {
            if (key.Move <= _view!.Index && !IsOrdered(key) && !work.IsLeftover) _over.Add(key);
        }

        foreach ((long Move, ShardId Shard) key in _over)
        {
            Slow(_works[key], 0, effects);
            _works.Remove(key);
        }

        _over.Clear();
        foreach (MoveWork work in _works.Values) work.IsLeftover = false;
    }

    private static (long Move, ShardId Shard) KeyOf(in ShardMove move) => (move.Id, move.Shard);

    private bool IsOrdered((long Move, ShardId Shard) key)
    {
        foreach (MoveOrder order in _view!.Moves)
        {
            if (KeyOf(order.Move) == key) return true;
        }

        return false;
    }

    private static List<MoveOrder> InOrder(IReadOnlyList<MoveOrder> moves)
    {
        // Both groups take the lowest ids first, so that they take the same ones.
        var ordered = new List<MoveOrder>(moves);
        ordered.Sort(static (left, right) => KeyOf(left.Move).CompareTo(KeyOf(right.Move)));
        return ordered;
    }

    private MoveWork WorkOf(in ShardMove move)
    {
        if (_works.TryGetValue(KeyOf(move), out MoveWork? work)) return work;
        return _works[KeyOf(move)] = new MoveWork(move);
    }

    private void Propose(long nowMs, HandoffKind kind, in ShardMove move, int attempt, List<HandoffEffect> effects)
    {
        MoveWork work = WorkOf(move);
        work.IsLeftover = !IsOrdered(KeyOf(move));
        if (!work.IsDue(kind, attempt, 0, nowMs, options.RetryMs)) return;
        ReadOnlyMemory<byte> payload = new HandoffCommand { Kind = kind, Move = move, Attempt = attempt }.Encode();
        effects.Add(new HandoffEffect { Kind = HandoffEffectKind.Propose, Move = move, Payload = payload });
    }

    private void Report(long nowMs, HandoffEffectKind kind, in ShardMove move, List<HandoffEffect> effects)
    {
        if (WorkOf(move).IsDue(HandoffKind.None, 0, (long)kind, nowMs, options.RetryMs)) effects.Add(new HandoffEffect { Kind = kind, Move = move });
    }
}
