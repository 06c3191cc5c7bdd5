namespace Quorleans.Raft;

// Linearizable reads without logging them: ReadIndex (dissertation §6.4), in rounds that many reads share.
public sealed partial class RaftCore
{
    private readonly List<PendingRead> _readsWaiting = [];
    private readonly Queue<ReadBatch> _readBatches = new();
    private readonly List<ReadState> _readStates = [];
    private readonly List<long> _forwarded = [];
    private readonly List<long> _forwardNext = [];
    private long _readRound;
    private long _confirmedRound;
    private long _forwardSequence;
    private int _readCount;

    /// <summary>A read of this node's driver, or one that a follower asks for.</summary>
    private readonly record struct PendingRead(long Context, RaftMessage? Request);

    /// <summary>The reads of one round. The leader names it (term, round) itself: names given by callers can repeat (etcd#20418).</summary>
    private readonly record struct ReadBatch(long Round, LogIndex Index, PendingRead[] Reads);

    /// <summary>Asks for a read index. The end comes as a <see cref="ReadState"/> with the same context.</summary>
    /// <param name="context">The driver's own number for the read; never used twice.</param>
    /// <param name="isUrgent">Whether it goes before clients' reads: then twice as many may wait.</param>
    /// <returns>False when too many reads wait already; then no end will come.</returns>
    public bool RequestRead(long context, bool isUrgent = false)
    {
        if (_readCount >= (isUrgent ? 2L : 1) * _options.MaxPendingReads) return false;
        if (Role == RaftRole.Leader)
        {
            _readCount++;
            _readsWaiting.Add(new PendingRead(context, null));
        }
        else if (Leader.IsNone)
        {
            _readStates.Add(new ReadState(context, false, default));
        }
        else
        {
            _readCount++;
            _forwardNext.Add(context);
            ForwardReads();
        }

        return true;
    }

    /// <summary>The driver could not deliver this member's ReadIndex request, or has waited too long for its answer.</summary>
    /// <param name="sequence">The request's <see cref="RaftMessage.Sequence"/>.</param>
    public void OnReadIndexLost(long sequence)
    {
        if (_forwardSequence == sequence) FailForwardedReads();
    }

    /// <summary>Begins a round for what waits, if it may: a leader must have committed in its own term first (dissertation §6.4).</summary>
    private void StartReadRound()
    {
        if (_readsWaiting.Count == 0 || _readRound - _confirmedRound >= _options.MaxReadRounds) return;
        if (!Log.TryTermAt(Commit, out Term term) || term != Term) return;
        _readBatches.Enqueue(new ReadBatch(++_readRound, Commit, [.. _readsWaiting]));
        _readsWaiting.Clear();
        _heartbeatElapsed = 0;
        SendHeartbeats();
        ConfirmReads(); // alone, it is its own majority
    }

    private void ConfirmReads()
    {
        if (_readBatches.Count == 0) return;
        long reached = Quorum.Reached(Membership, id => id == Self ? long.MaxValue : _peers.TryGetValue(id, out Progress? peer) ? peer.ReadRound : 0);
        while (_readBatches.TryPeek(out ReadBatch batch) && batch.Round <= reached)
        {
            _readBatches.Dequeue();
            _confirmedRound = batch.Round;
            foreach (PendingRead read in batch.Reads) EndRead(read, confirmed: true, batch.Index);
        }
    }

    private void EndRead(PendingRead read, bool confirmed, LogIndex index)
    {
        _readCount--;
        if (read.Request is not { } request) _readStates.Add(new ReadState(read.Context, confirmed, index));
        else SendNow(ReadReply(request, confirmed, index));
    }

    private void FailReads()
    {
        foreach (PendingRead read in _readsWaiting) EndRead(read, confirmed: false, default);
        _readsWaiting.Clear();
        while (_readBatches.TryDequeue(out ReadBatch batch))
            foreach (PendingRead read in batch.Reads) EndRead(read, confirmed: false, default);
    }

    private void ResetReads() => (_readRound, _confirmedRound) = (0, 0);

    private void StepReadIndex(RaftMessage message)
    {
        if (Role != RaftRole.Leader || _readCount >= _options.MaxPendingReads)
        {
            SendNow(ReadReply(message, confirmed: false, default));
            return;
        }

        _readCount++;
        _readsWaiting.Add(new PendingRead(0, message));
    }

    /// <summary>A follower asks its leader, one request at a time; what arrives meanwhile shares the next.</summary>
    private void ForwardReads()
    {
        if (_forwarded.Count > 0 || _forwardNext.Count == 0) return;
        Move(_forwardNext, _forwarded);
        _forwardSequence = ++_sequence;
        SendNow(new RaftMessage { Kind = MessageKind.ReadIndex, From = Self, To = Leader, Term = Term, Sequence = _forwardSequence });
    }

    private void StepReadIndexReply(RaftMessage message)
    {
        if (message.Sequence != _forwardSequence || _forwarded.Count == 0) return;
        foreach (long context in _forwarded) _readStates.Add(new ReadState(context, message.Accepted, message.Index));
        _readCount -= _forwarded.Count;
        _forwarded.Clear();
        ForwardReads();
    }

    private void FailForwardedReads()
    {
        Move(_forwardNext, _forwarded);
        foreach (long context in _forwarded) _readStates.Add(new ReadState(context, false, default));
        _readCount -= _forwarded.Count;
        _forwarded.Clear();
        _forwardSequence = 0;
    }

    private RaftMessage ReadReply(RaftMessage request, bool confirmed, LogIndex index) => new()
    {
        Kind = MessageKind.ReadIndexReply, From = Self, To = request.From, Term = Term, Sequence = request.Sequence, Context = request.Context,
        Accepted = confirmed, Index = index,
    };
}
