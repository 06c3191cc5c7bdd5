namespace Quorleans.Raft.Node;

// Changes of configuration, and the making of replicas on the nodes that a configuration names.
internal sealed partial class Replica
{
    private readonly Dictionary<MemberId, long> _joining = []; // and at which tick each was asked
    private PendingChange? _change;

    /// <summary>It is being deleted, since the group has removed it.</summary>
    internal bool IsRetiring { get; set; }

    private void Begin(PendingChange change)
    {
        MembershipChangeResult result = _node.Log.CanAppend(LogEntry.Overhead)
            ? Core.ProposeConfig(change.Change)
            : new MembershipChangeResult(MembershipChangeStatus.NotReady, default, default, _node.DiskFullMessage);
        if (result.Status != MembershipChangeStatus.Accepted)
        {
            change.TrySetResult(new MembershipOutcome(result.Status, IsDone: false, LeaderNode, Core.Membership, result.Error));
            return;
        }

        _change?.TrySetResult(Describe(_change, isDone: true)); // the core takes the next only when this one is over
        (change.Index, change.Term, change.Warning) = (result.Index, result.Term, result.Error);
        _change = change;
    }

    /// <summary>Answers whoever waits for a change. Before he is told of a lost leadership: a leader that removed itself is done when it goes.</summary>
    private void AdvanceChange()
    {
        if (_change is not { } change) return;
        bool stands = change.Index <= Core.Log.BaseIndex || (Core.Log.TryTermAt(change.Index, out Term term) && term == change.Term);
        bool isDone = stands && change.Index <= Core.Commit && !Core.Membership.IsJoint && Core.Membership.Index <= Core.Commit;
        if (!isDone && stands && Core.Role == RaftRole.Leader) return;
        _change = null;
        change.TrySetResult(Describe(change, isDone));
    }

    private MembershipOutcome Describe(PendingChange change, bool isDone) =>
        new(MembershipChangeStatus.Accepted, isDone, LeaderNode, Core.Membership, change.Warning ?? (isDone ? null : "The leadership was lost before the change was over. Look at the members."));

    /// <summary>
    /// A member that has nothing, and to which nothing could be delivered, has perhaps no replica yet: its node is told to make one. Only when its id is committed:
    /// until then the id could still be given to another.
    /// </summary>
    private void ConsiderJoin(MemberId id)
    {
        if (!Core.MayLackReplica(id) || !Core.Membership.TryGet(id, out Member member) || IsJoining(id)) return;
        _joining[id] = _node.Ticks;
        _node.SendJoin(this, member);
    }

    /// <summary>A node that dies with the question may never answer it: like any request it is repeated then.</summary>
    private bool IsJoining(MemberId id) => _joining.TryGetValue(id, out long asked) && _node.Ticks - asked < _node.Options.Raft.RetransmitTicks;

    internal void OnJoinAnswered(MemberId id) => _joining.Remove(id);
}

/// <summary>A node was told to make a member's replica, and has answered, or not.</summary>
internal sealed record JoinAnswered(MemberId Member);
