namespace Quorleans.Raft;

// Log replication: paper §5.3, §5.4.2; fast conflict back-up: end of §5.3.
public sealed partial class RaftCore
{
    private int _heartbeatElapsed;
    private long _leaderTicks;
    private LogTime _leaderTimeBase;
    private LogTime _heardTime;

    /// <summary>The driver could not deliver a request: what it carried is sent again after a pause.</summary>
    /// <param name="member">Whom it was for.</param>
    /// <param name="sequence">The request's <see cref="RaftMessage.Sequence"/>.</param>
    public void OnUnreachable(MemberId member, long sequence)
    {
        if (Role != RaftRole.Leader || !_peers.TryGetValue(member, out Progress? peer)) return;
        if (peer.InFlight == sequence) peer.Lost(_options.HeartbeatTicks);
    }

    private void TickLeader()
    {
        _leaderTicks++;
        _leavingTicks = Membership.IsMember(Self) ? 0 : _leavingTicks + 1;
        // A transfer that takes an election timeout has failed (dissertation §3.10).
        if (!_transferTarget.IsNone && ++_transferTicks >= _options.ElectionTicks) _transferTarget = MemberId.None;
        if (_electionElapsed >= _options.ElectionTicks)
        {
            _electionElapsed = 0;
            if (!HasActiveQuorum())
            {
                // CheckQuorum (dissertation §6.2): cut off from a majority, so somebody else may lead already.
                BecomeFollower(Term, MemberId.None);
                return;
            }
        }

        foreach (Progress peer in _peers.Values)
        {
            if (peer.QuietTicks != Progress.NeverHeard) peer.QuietTicks++;
            if (peer.PauseTicks > 0) peer.PauseTicks--;
            if (peer.InFlight != 0 && ++peer.InFlightTicks >= _options.RetransmitTicks << peer.BackOff) peer.Unanswered();
        }

        if (++_heartbeatElapsed < _options.HeartbeatTicks) return;
        _heartbeatElapsed = 0;
        SendHeartbeats();
    }

    private bool HasActiveQuorum()
    {
        bool active = Quorum.Has(Membership, id => id == Self || (_peers.TryGetValue(id, out Progress? peer) && peer.RecentlyActive));
        foreach (Progress peer in _peers.Values) peer.RecentlyActive = false;
        return active;
    }

    private LogIndex AppendAsLeader(EntryKind kind, ReadOnlyMemory<byte> payload)
    {
        LogTime time = Now > Log.LastTime ? Now : Log.LastTime;
        LogEntry entry = new(Log.LastIndex.Next, Term, kind, time, payload);
        AppendToLog(entry);
        return entry.Index;
    }

    private void SendEntries()
    {
        foreach (Progress peer in _peers.Values)
        {
            if (!peer.IsReady) continue;
            if (peer.Next <= Log.BaseIndex || peer.Snapshot is not null)
            {
                SendSnapshotChunk(peer);
                continue;
            }

            if (peer.Next > Log.LastIndex && !peer.Probing) continue;
            SendAppend(peer, peer.Next.Previous, Log.Copy(peer.Next, _options.MaxAppendBytes));
        }
    }

    private void SendAppend(Progress peer, LogIndex previous, LogEntry[] entries)
    {
        bool held = Log.TryTermAt(previous, out Term previousTerm);
        Invariant.Check(held, $"Entry {previous} before what is sent to {peer.Id} is not in the log ({Log.BaseIndex}..{Log.LastIndex}).");
        peer.Sent(++_sequence);
        SendNow(new RaftMessage
        {
            Kind = MessageKind.AppendEntries, From = Self, To = peer.Id, Term = Term, Sequence = _sequence,
            Index = previous, IndexTerm = previousTerm, Entries = entries, Commit = Commit, ReadRound = _readRound, Time = Now,
        });
        if (!peer.Probing && entries.Length > 0) peer.SentUpTo(entries[^1].Index);
    }

    /// <summary>An empty AppendEntries to everybody, beside whatever is in flight.</summary>
    private void SendHeartbeats()
    {
        foreach (Progress peer in _peers.Values)
        {
            // Where the follower surely matches, so that it never refuses. A heartbeat is an ordinary AppendEntries all the same (R4).
            bool known = Log.TryTermAt(peer.Match, out Term term);
            SendNow(new RaftMessage
            {
                Kind = MessageKind.AppendEntries, From = Self, To = peer.Id, Term = Term, Sequence = ++_sequence,
                Index = known ? peer.Match : LogIndex.Zero, IndexTerm = known ? term : Term.Zero,
                Commit = known ? LogIndex.Min(Commit, peer.Match) : LogIndex.Zero, ReadRound = _readRound, Time = Now,
            });
        }
    }

    private void StepAppendEntries(RaftMessage message)
    {
        Invariant.Check(Role != RaftRole.Leader, $"Two leaders in term {Term}: {Self} and {message.From}.");
        BecomeFollower(Term, message.From);
        if (message.Time > _heardTime) _heardTime = message.Time;
        bool heartbeat = message.Entries.Length == 0;
        LogIndex last = message.Index + message.Entries.Length;
        if (last < Commit)
        {
            // Older than what is committed here, and what is committed here stands in every leader's log (paper §5.4).
            Acknowledge(message, LogIndex.Min(Commit, Durable), gated: false);
            return;
        }

        if (message.Index >= Commit && (!Log.TryTermAt(message.Index, out Term term) || term != message.IndexTerm))
        {
            RefuseAppend(message);
            return;
        }

        foreach (LogEntry entry in message.Entries)
        {
            bool held = Log.TryTermAt(entry.Index, out Term existing);
            if (entry.Index <= Commit)
            {
                // Perhaps in a snapshot by now (R16), but never another.
                Invariant.Check(!held || existing == entry.Term, $"Entry {entry.Index} of term {existing} is committed here, but {message.From} leads with {entry}.");
                continue;
            }

            if (held)
            {
                // Truncate at a real conflict only: an old message must not undo what a newer one has brought (R3).
                if (existing == entry.Term) continue;
                TruncateLog(entry.Index);
            }

            AppendToLog(entry);
        }

        // The last entry that this message vouches for, not the log's own end (R5).
        AdvanceCommitTo(LogIndex.Min(message.Commit, last));
        Acknowledge(message, heartbeat ? LogIndex.Min(last, Durable) : last, gated: !heartbeat);
    }

    private void Acknowledge(RaftMessage request, LogIndex match, bool gated)
    {
        RaftMessage reply = new()
        {
            Kind = MessageKind.AppendEntriesReply, From = Self, To = request.From, Term = Term, Sequence = request.Sequence, Context = request.Context,
            Accepted = true, Match = match, ReadRound = request.ReadRound,
        };
        if (gated && match > Durable) SendWhenDurable(reply);
        else SendWhenTermIsDurable(reply);
    }

    private void RefuseAppend(RaftMessage message)
    {
        LogIndex conflict = LogIndex.Min(message.Index, Log.LastIndex.Next);
        Term conflictTerm = Term.Zero;
        if (message.Index <= Log.LastIndex && Log.TryTermAt(message.Index, out conflictTerm))
            conflict = LogIndex.Max(Log.FirstOfTerm(message.Index, conflictTerm), Commit.Next);

        SendWhenTermIsDurable(new RaftMessage
        {
            Kind = MessageKind.AppendEntriesReply, From = Self, To = message.From, Term = Term, Sequence = message.Sequence, Context = message.Context,
            Index = message.Index, ConflictIndex = conflict, ConflictTerm = conflictTerm, ReadRound = message.ReadRound,
        });
    }

    private void StepAppendEntriesReply(RaftMessage message)
    {
        if (Role != RaftRole.Leader || !_peers.TryGetValue(message.From, out Progress? peer)) return;
        bool answersNewest = peer.Answered(message.Sequence);
        peer.ConfirmRound(message.ReadRound);
        if (message.Accepted)
        {
            Invariant.Check(message.Match <= Log.LastIndex, $"Member {peer.Id} acknowledges {message.Match}, beyond the leader's {Log.LastIndex}.");
            Matched(peer, message.Match, answersNewest);
        }
        else
        {
            peer.Refused(message.Index, BackUp(message));
        }

        ConfirmReads();
    }

    private void Matched(Progress peer, LogIndex match, bool answersNewest)
    {
        if (peer.Matched(match, answersNewest)) AdvanceCommit();
        if (_transferTarget == peer.Id && peer.Match == Log.LastIndex) SendTimeoutNow(peer.Id);
    }

    /// <summary>
    /// Where to try next after a refusal (paper, end of §5.3). If the leader has the conflicting term, from behind its own last entry of it;
    /// otherwise from the follower's first one: a whole term is skipped at each step.
    /// </summary>
    private LogIndex BackUp(RaftMessage refusal)
    {
        if (refusal.ConflictTerm == Term.Zero) return refusal.ConflictIndex;
        LogIndex mine = Log.LastAtMostTerm(refusal.Index, refusal.ConflictTerm);
        bool haveTerm = Log.TryTermAt(mine, out Term term) && term == refusal.ConflictTerm && mine > Log.BaseIndex;
        return haveTerm ? LogIndex.Max(mine.Next, refusal.ConflictIndex) : refusal.ConflictIndex;
    }

    private void AdvanceCommit()
    {
        long reached = Quorum.Reached(Membership, id => id == Self ? Durable.Value : _peers.TryGetValue(id, out Progress? peer) ? peer.Match.Value : 0);
        LogIndex index = new(Math.Min(reached, Log.LastIndex.Value));
        // Only entries of the own term are committed by counting; older ones follow with them (paper §5.4.2, figure 8).
        if (index <= Commit || !Log.TryTermAt(index, out Term term) || term != Term) return;
        AdvanceCommitTo(index);
    }

    private void AdvanceCommitTo(LogIndex index)
    {
        if (index <= Commit) return;
        Invariant.Check(index <= Log.LastIndex, $"Committing {index}, beyond the log's end {Log.LastIndex}.");
        Commit = index;
    }
}
