namespace Quorleans.Raft;

/// <summary>Whether a leadership transfer was begun.</summary>
public enum TransferStatus
{
    /// <summary>Begun. It is over when another leads, or given up after an election timeout.</summary>
    Started,

    /// <summary>The target leads already.</summary>
    AlreadyLeader,

    /// <summary>This member does not lead.</summary>
    NotLeader,

    /// <summary>The target has no vote in this group.</summary>
    NotVoter,
}

// Leadership transfer: dissertation §3.10.
public sealed partial class RaftCore
{
    private MemberId _transferTarget;
    private bool _storageStalled;
    private int _overtakenTicks;
    private int _transferTicks; // of its own, so that asking again and again does not put off the quorum check

    /// <summary>Hands the leadership to another member: no new proposals, bring it up to date, tell it to campaign at once.</summary>
    /// <param name="target">Who shall lead.</param>
    /// <returns>Whether it was begun.</returns>
    public TransferStatus TransferLeadership(MemberId target)
    {
        if (Role != RaftRole.Leader) return TransferStatus.NotLeader;
        if (target == Self) return TransferStatus.AlreadyLeader;
        if (!Membership.IsVoter(target) || !_peers.TryGetValue(target, out Progress? peer)) return TransferStatus.NotVoter;
        (_transferTarget, _transferTicks) = (target, 0);
        if (peer.Match == Log.LastIndex) SendTimeoutNow(target);
        return TransferStatus.Started;
    }

    /// <summary>
    /// Whether the own disk answers. While it does not, this member stands for no election, since not even its own vote could count. A leader whose
    /// followers are further than its own disk hands over to the furthest: without it they get on, and with it nobody gets an answer.
    /// </summary>
    /// <param name="stalled">Whether the oldest write has been on its way for an election timeout; to be told at each tick.</param>
    public void OnStorageStalled(bool stalled)
    {
        _storageStalled = stalled;
        // A majority of others has what this disk has not: only then would a new leader be a better one. Embedded nodes share a disk, and when it
        // comes back after a stall, it comes back for the others first as well as last: so not at the first look.
        if (!stalled || Role != RaftRole.Leader || ReachedByOthers() <= Durable) _overtakenTicks = 0;
        else if (++_overtakenTicks >= _options.HeartbeatTicks) Yield();
    }

    private LogIndex ReachedByOthers() =>
        new(Quorum.Reached(Membership, id => _peers.TryGetValue(id, out Progress? peer) ? peer.Match.Value : 0));

    private void Yield()
    {
        _overtakenTicks = 0;
        Progress? furthest = null;
        foreach (Progress peer in _peers.Values)
            if (Membership.IsVoter(peer.Id) && (furthest is null || peer.Match > furthest.Match)) furthest = peer;
        SendTimeoutNow(furthest!.Id);
        BecomeFollower(Term, MemberId.None);
    }

    private void SendTimeoutNow(MemberId target) =>
        SendNow(new RaftMessage { Kind = MessageKind.TimeoutNow, From = Self, To = target, Term = Term, Sequence = ++_sequence });

    private void StepTimeoutNow(RaftMessage message)
    {
        SendNow(new RaftMessage
        {
            Kind = MessageKind.TimeoutNowReply, From = Self, To = message.From, Term = Term, Sequence = message.Sequence, Context = message.Context,
            Accepted = Role == RaftRole.Follower,
        });
        if (Role == RaftRole.Follower) Campaign(forced: true);
    }
}
