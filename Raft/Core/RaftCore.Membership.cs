namespace Quorleans.Raft;

// Changes of configuration (paper §6, dissertation chapter 4): joint consensus, learners first, one at a time.
//
// The life of "replace member 3 by 4" in a group of 1, 2, 3:
//   index 10  voters 1 2 3         learner 4    the leader appends it; 4 is empty and is sent the log, or a snapshot
//   index 57  voters 1 2 4 | 1 2 3              when 4 has caught up: joint, in force as soon as it is in a log; both majorities decide
//   index 58  voters 1 2 4                      appended by whoever leads when 57 is committed; 3 has no part in it any more
// Members who were removed are not sent the entry that says so: they ask, when they miss their leader, and are told (IsSettledBeforeTerms).
public sealed partial class RaftCore
{
    private int _leavingTicks;

    /// <summary>
    /// Whether this member was removed from its group, for ever: a committed configuration that is younger than its id does not have it. Then nothing goes in or
    /// out any more, and its driver may delete all it has, as long as it remembers the id.
    /// </summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Begins a change of the configuration. Only a leader does.</summary>
    /// <param name="change">The change.</param>
    /// <returns>Where its entry stands, or why it was not begun.</returns>
    public MembershipChangeResult ProposeConfig(MembershipChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (Role != RaftRole.Leader || !_transferTarget.IsNone)
            return Refused(MembershipChangeStatus.NotLeader, "This member does not lead, or is handing the leadership over.");
        if (!Log.TryTermAt(Commit, out Term term) || term != Term)
            return Refused(MembershipChangeStatus.NotReady, "The leader has not committed anything in its term yet. Try again in a moment.");
        if (Membership.IsJoint || Membership.Index > Commit)
            return Refused(MembershipChangeStatus.InProgress, $"The change of index {Membership.Index} is not over yet. Try again when it is.");
        MembershipChangeStatus status = Membership.TryChange(change, _options.MaxMembers, Log.LastIndex.Next, out Membership next, out string? error);
        if (status != MembershipChangeStatus.Accepted) return Refused(status, error);
        status = WhatSpeaksAgainst(change, next, out error);
        if (status == MembershipChangeStatus.Invalid || (status != MembershipChangeStatus.Accepted && !change.Force)) return Refused(status, error);
        LogIndex index = AppendAsLeader(EntryKind.Configuration, MembershipCodec.Encode(next));
        return new MembershipChangeResult(MembershipChangeStatus.Accepted, index, Term, error);
    }

    /// <summary>The members as this leader sees them; empty when it does not lead.</summary>
    public IReadOnlyList<MemberProgress> DescribeMembers()
    {
        List<MemberProgress> members = [];
        if (Role != RaftRole.Leader) return members;
        foreach (Member member in Membership.All())
        {
            MemberKind kind = !Membership.IsVoter(member.Id) ? MemberKind.Learner : Membership.Voters.Contains(member) ? MemberKind.Voter : MemberKind.Leaving;
            if (!_peers.TryGetValue(member.Id, out Progress? peer)) members.Add(new MemberProgress(member, kind, true, Durable, true, -1));
            else members.Add(new MemberProgress(member, kind, IsActive(peer.Id), peer.Match, IsCaughtUp(peer), peer.Snapshot is null ? -1 : peer.SnapshotOffset));
        }

        return members;
    }

    /// <summary>
    /// Whether a member has nothing as far as this leader knows, and its id is surely its own: committed ids are given to nobody else. Also a voter: one of the
    /// group's first members whose node was down when the others began, and that would not begin by itself any more once the members have changed.
    /// </summary>
    /// <param name="id">The member.</param>
    public bool MayLackReplica(MemberId id) =>
        Role == RaftRole.Leader && Membership.Index <= Commit && _peers.TryGetValue(id, out Progress? peer) && peer.Match == LogIndex.Zero;

    private static MembershipChangeResult Refused(MembershipChangeStatus status, string? error) => new(status, default, default, error);

    /// <summary>What only the leader knows: who is heard from, and who has caught up.</summary>
    private MembershipChangeStatus WhatSpeaksAgainst(MembershipChange change, Membership next, out string? error)
    {
        error = null;
        if (!next.IsJoint) return MembershipChangeStatus.Accepted;
        foreach (MemberId id in change.Promote)
        {
            Progress peer = _peers[id];
            if (IsCaughtUp(peer)) continue;
            string learner = $"Learner {id} on {peer.Member.Node}";
            if (peer.Match == LogIndex.Zero)
            {
                // Not even by force: perhaps its replica was never made, and who makes it is a leader, for whose election its vote would be needed.
                error = $"{learner} has nothing yet, so it cannot be promoted. Start its node, and wait until it has caught up.";
                return MembershipChangeStatus.Invalid;
            }

            error = IsActive(id)
                ? $"{learner} has {peer.Match} of {Log.LastIndex} entries: too far behind to vote. Promote it when it has caught up. Forced, the group may decide nothing until then."
                : $"{learner} is not heard from. Forced, the group may decide nothing until it is back.";
            return MembershipChangeStatus.NotCaughtUp;
        }

        if (Quorum.Has(next, IsActive)) return MembershipChangeStatus.Accepted;
        string missing = "";
        foreach (Member member in next.All())
            if (!IsActive(member.Id)) missing += $"{(missing.Length == 0 ? "" : ", ")}{member.Node} (member {member.Id})";
        error = $"Not heard from: {missing}. Without them the group would have no majority after this change. Bring them back, or replace them first. "
            + "Forced, the group decides nothing until enough of them are back; if they never return, it is lost with all that only it holds.";
        return MembershipChangeStatus.NoQuorum;
    }

    private bool IsActive(MemberId id) => id == Self || (_peers.TryGetValue(id, out Progress? peer) && peer.QuietTicks < _options.ElectionTicks);

    /// <summary>One round trip brings it up to date (dissertation §4.2.1: catch up in rounds until the last is short).</summary>
    private bool IsCaughtUp(Progress peer)
    {
        if (!IsActive(peer.Id) || peer.Probing || peer.Snapshot is not null || peer.Match < Log.BaseIndex) return false;
        long lacks = 0;
        for (LogIndex index = Log.LastIndex; index > peer.Match; index = index.Previous)
            if ((lacks += Log[index].Size) > _options.MaxAppendBytes) return false;
        return true;
    }

    /// <summary>What follows from a committed configuration: a joint one is left by whoever leads, and who is not in it goes.</summary>
    private void AdvanceMembership()
    {
        if (IsRemoved || Membership.Index > Commit) return;
        if (Membership.IsGone(Self)) Depart();
        else if (Role == RaftRole.Leader && Membership.IsJoint && Log.TryTermAt(Commit, out Term term) && term == Term)
            AppendAsLeader(EntryKind.Configuration, MembershipCodec.Encode(Membership.Leave(Log.LastIndex.Next)));
    }

    /// <summary>
    /// A leader that removed itself leads until that is committed (paper §6), and until it could apply and answer all it took; then it lets the voter that has most of
    /// the log campaign at once. A disk that hangs holds it up for an election timeout only.
    /// </summary>
    private void Depart()
    {
        if (Role == RaftRole.Leader)
        {
            if (Durable < Commit && _leavingTicks < _options.ElectionTicks) return;
            Progress? heir = null;
            foreach (Progress peer in _peers.Values)
                if (Membership.IsVoter(peer.Id) && (heir is null || peer.Match > heir.Match)) heir = peer;
            if (heir is not null) SendTimeoutNow(heir.Id);
        }

        BecomeRemoved();
    }

    private void BecomeRemoved()
    {
        BecomeFollower(Term, MemberId.None);
        (IsRemoved, _roleChanged) = (true, true);
    }

    /// <summary>
    /// Whether it votes in a configuration that may still turn out to be the group's: the latest, or one before that as long as the latest is not committed. Not
    /// itself a voter in the latest, it is perhaps the only one whose log is long enough to lead (dissertation §4.2.2; transcript joint-left-behind): 1 and 2 agree to
    /// remove 1, only 1 has the entry that ends it, 2 still needs the vote of 1, and 1 must refuse it.
    /// </summary>
    private bool MayCampaign
    {
        get
        {
            for (int i = _configurations.Count - 1; i >= 0; i--)
            {
                if (_configurations[i].IsVoter(Self)) return true;
                if (_configurations[i].Index <= Commit) return false;
            }

            return false;
        }
    }

    /// <summary>A voter campaigns. Who has no vote, or perhaps no place any more, asks: the answer to a pre-vote says so (see below).</summary>
    private void OnElectionTimeout()
    {
        if (MayCampaign)
        {
            Campaign(forced: false);
            return;
        }

        ResetElectionTimer();
        if (IsRemoved) return;
        foreach (Member member in Membership.All())
        {
            // In its own term nobody grants it, and nobody's term changes: it is a question only.
            if (member.Id == Self) continue;
            SendNow(new RaftMessage
            {
                Kind = MessageKind.RequestVote, From = Self, To = member.Id, Term = Term, PreVote = true, Index = Log.LastIndex, IndexTerm = Log.LastTerm,
                Sequence = ++_sequence,
            });
        }
    }

    /// <summary>
    /// A removed member is told so, whatever its term, and cannot disturb (paper §6). The proof: ids are never used twice, so an id that is older than a committed
    /// configuration and not in it is gone for ever. A member that a lagging voter does not know yet has a younger id and is heard (etcd#3699).
    /// </summary>
    private bool IsSettledBeforeTerms(RaftMessage message)
    {
        if (message.Kind == MessageKind.RequestVoteReply && message.Removed)
        {
            BecomeRemoved();
            return true;
        }

        if (AnswerToRemoved(message) is not { } answer) return false;
        SendNow(answer);
        return true;
    }

    /// <summary>
    /// What a removed member is told that asks for votes; null when it asks something else, or is no removed member as far as is known here. The question may be to a former
    /// member that had this disk: it stands for all that its asker knows of the group when the others are gone.
    /// </summary>
    public RaftMessage? AnswerToRemoved(RaftMessage question)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Kind != MessageKind.RequestVote || !ConfigurationAt(Commit).IsGone(question.From)) return null;
        return new RaftMessage
        {
            Kind = MessageKind.RequestVoteReply, From = question.To, To = question.From, Term = Term, Sequence = question.Sequence, Context = question.Context,
            PreVote = question.PreVote, Removed = true,
        };
    }
}
