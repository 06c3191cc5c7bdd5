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
