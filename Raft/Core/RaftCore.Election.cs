namespace Quorleans.Raft;

// Leader election: paper §5.2 and §5.4.1; PreVote and loyalty to a live leader: dissertation §9.6 and §4.2.3.
public sealed partial class RaftCore
{
    private readonly SortedList<MemberId, bool> _votes = [];
    private int _electionElapsed;
    private int _electionTimeout;
    private long _ownVoteVersion;
    private bool _campaignForced;
    private (Term Term, MemberId Leader) _termLeader;

    /// <summary>Starts an election at once, without waiting for the timeout. For a single-member group's start and for tests.</summary>
    public void StartElection() => Campaign(forced: false);

    /// <summary>Whether it heard from a living leader so lately that it does not help another to be elected.</summary>
    private bool IsLoyal => !Leader.IsNone && (Role == RaftRole.Leader || _electionElapsed < _options.ElectionTicks);

    /// <summary>Deals with a message of a later term.</summary>
    /// <returns>Whether it is to be handled further.</returns>
    private bool AdoptTerm(RaftMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.RequestVote when !message.Forced && IsLoyal:
                SendNow(VoteReply(message, granted: false, Term));
                return false;
            case MessageKind.RequestVote when message.PreVote:
            case MessageKind.RequestVoteReply when message.PreVote && message.Accepted:
                // Its term is only what an election would have: nobody's term changes (dissertation §9.6).
                if (message.Kind == MessageKind.RequestVote) StepRequestVote(message);
                else StepRequestVoteReply(message);
                return false;
            case MessageKind.AppendEntries:
            case MessageKind.InstallSnapshot:
                BecomeFollower(message.Term, message.From);
                return true;
            default:
                BecomeFollower(message.Term, MemberId.None);
                return true;
        }
    }

    /// <summary>Answers a message of an earlier term, so that its sender learns of the later one. Stale replies change nothing.</summary>
    private void AnswerStale(RaftMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.RequestVote:
                SendWhenTermIsDurable(VoteReply(message, granted: false, Term));
                break;
            case MessageKind.AppendEntries:
                SendWhenTermIsDurable(Reply(message, MessageKind.AppendEntriesReply));
                break;
            case MessageKind.InstallSnapshot:
                SendWhenTermIsDurable(Reply(message, MessageKind.InstallSnapshotReply));
                break;
            case MessageKind.TimeoutNow:
                SendWhenTermIsDurable(Reply(message, MessageKind.TimeoutNowReply));
                break;
            case MessageKind.ReadIndex:
                SendWhenTermIsDurable(Reply(message, MessageKind.ReadIndexReply));
                break;
            default:
                break;
        }
    }

    private void Campaign(bool forced)
    {
        ResetElectionTimer();
        if (Role == RaftRole.Leader || IsRemoved || !MayCampaign || _storageStalled) return;
        _campaignForced = forced;
        // An election that the leader ordered needs no question beforehand: the transfer is what was asked for.
        if (forced) BecomeCandidate();
        else BecomePreCandidate();
    }

    private void BecomePreCandidate()
    {
        ChangeRole(RaftRole.PreCandidate, MemberId.None);
        _votes.Clear();
        _votes[Self] = true;
        if (HasElectionQuorum())
        {
            BecomeCandidate();
            return;
        }

        AskForVotes(Term.Next, preVote: true);
    }

    private void BecomeCandidate()
    {
        SetHardState(Term.Next, Self);
        ChangeRole(RaftRole.Candidate, MemberId.None);
        ResetElectionTimer();
        _votes.Clear();
        // Its own vote counts when it is durable, as everybody else's does.
        _ownVoteVersion = _version + 1;
        AskForVotes(Term, preVote: false);
    }

    private void AskForVotes(Term term, bool preVote)
    {
        foreach (Member member in Membership.All())
        {
            // A learner's word does not count, but it may know that this member was removed, and be the only one left to say so.
            if (member.Id == Self || (!preVote && !Membership.IsVoter(member.Id))) continue;
            RaftMessage request = new()
            {
                Kind = MessageKind.RequestVote, From = Self, To = member.Id, Term = term, PreVote = preVote, Forced = _campaignForced,
                Index = Log.LastIndex, IndexTerm = Log.LastTerm, Sequence = ++_sequence,
            };
            // A candidate that crashed after asking must not come back and vote for another in the same term.
            if (preVote) SendNow(request);
            else SendWhenDurable(request);
        }
    }

    private void CountOwnVote()
    {
        _votes[Self] = true;
        if (HasElectionQuorum()) BecomeLeader();
    }

    private void StepRequestVote(RaftMessage message)
    {
        if (!message.Forced && IsLoyal)
        {
            SendNow(VoteReply(message, granted: false, Term));
            return;
        }

        // Election restriction (paper §5.4.1): the candidate's log is at least as up to date as the voter's.
        bool upToDate = message.IndexTerm > Log.LastTerm || (message.IndexTerm == Log.LastTerm && message.Index >= Log.LastIndex);
        if (message.PreVote)
        {
            bool wouldGrant = message.Term > Term && upToDate;
            SendNow(VoteReply(message, wouldGrant, wouldGrant ? message.Term : Term));
            return;
        }

        bool grant = upToDate && (Vote.IsNone || Vote == message.From);
        if (grant)
        {
            SetHardState(Term, message.From);
            ResetElectionTimer();
        }

        SendWhenDurable(VoteReply(message, grant, Term));
    }

    private void StepRequestVoteReply(RaftMessage message)
    {
        bool expected = message.PreVote
            ? Role == RaftRole.PreCandidate && (!message.Accepted || message.Term == Term.Next)
            : Role == RaftRole.Candidate && message.Term == Term;
        if (!expected) return;
        _votes[message.From] = message.Accepted;
        if (HasElectionQuorum())
        {
            if (Role == RaftRole.PreCandidate) BecomeCandidate();
            else BecomeLeader();
        }
        else if (Quorum.Has(Membership, id => _votes.TryGetValue(id, out bool granted) && !granted))
        {
            BecomeFollower(Term, MemberId.None);
        }
    }

    private bool HasElectionQuorum() => Quorum.Has(Membership, id => _votes.TryGetValue(id, out bool granted) && granted);

    private void BecomeFollower(Term term, MemberId leader)
    {
        if (term > Term) SetHardState(term, MemberId.None);
        if (Role == RaftRole.Leader)
        {
            FailReads();
            _transferTarget = MemberId.None;
        }

        ChangeRole(RaftRole.Follower, leader);
        ResetElectionTimer();
    }

    private void BecomeLeader()
    {
        Invariant.Check(Role == RaftRole.Candidate, $"A {Role} cannot become leader.");
        _leaderTimeBase = Now;
        _leaderTicks = 0;
        ChangeRole(RaftRole.Leader, Self);
        _electionElapsed = 0;
        _heartbeatElapsed = 0;
        ResetReads();
        _peers.Clear();
        SyncPeers();
        // Lets it commit, and with that everything before (paper §8). Invisible to the state machine.
        AppendAsLeader(EntryKind.Noop, default);
    }

    private void ChangeRole(RaftRole role, MemberId leader)
    {
        // Two leaders in a term: impossible by the vote rule; if it is seen, nothing here can be trusted any more.
        Invariant.Check(
            leader.IsNone || _termLeader.Term != Term || _termLeader.Leader == leader, $"Two leaders in term {Term}: {_termLeader.Leader} and {leader}.");
        if (!leader.IsNone) _termLeader = (Term, leader);
        if (role == Role && leader == Leader) return;
        if (leader != Leader) FailForwardedReads();
        (Role, Leader, _roleChanged) = (role, leader, true);
    }

    private void ResetElectionTimer()
    {
        _electionElapsed = 0;
        _electionTimeout = _options.ElectionTicks + _random.Next(_options.ElectionTicks);
    }

    private RaftMessage VoteReply(RaftMessage request, bool granted, Term term) => new()
    {
        Kind = MessageKind.RequestVoteReply, From = Self, To = request.From, Term = term, Sequence = request.Sequence, Context = request.Context,
        PreVote = request.PreVote, Accepted = granted,
    };

    /// <summary>A refusing reply with nothing else to say than this member's term.</summary>
    private RaftMessage Reply(RaftMessage request, MessageKind kind) => new()
    {
        Kind = kind, From = Self, To = request.From, Term = Term, Sequence = request.Sequence, Context = request.Context,
    };
}
