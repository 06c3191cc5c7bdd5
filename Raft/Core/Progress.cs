namespace Quorleans.Raft;

/// <summary>What a leader knows of another member (paper, figure 2: nextIndex and matchIndex; states as in the dissertation §10.2).</summary>
internal sealed class Progress(Member member)
{
    internal const int NeverHeard = int.MaxValue;
    private const int MaxBackOff = 3;

    internal Member Member { get; set; } = member;

    internal MemberId Id => Member.Id;

    /// <summary>The follower's durable log equals ours up to here. Never moves back within a term.</summary>
    internal LogIndex Match { get; private set; }

    /// <summary>The next entry to send; always above <see cref="Match"/>.</summary>
    internal LogIndex Next { get; private set; }

    /// <summary>Where its log begins to match ours is not known yet: one message at a time, and on a refusal back up.</summary>
    internal bool Probing { get; private set; } = true;

    /// <summary>The number of the request with entries or a chunk that is on its way, or 0. One at a time carries all that is pending.</summary>
    internal long InFlight { get; private set; }

    /// <summary>Ticks since <see cref="InFlight"/> was sent.</summary>
    internal int InFlightTicks { get; set; }

    /// <summary>How often the time after which a request is taken for lost is doubled: once for each in a row that was not answered, up to <see cref="MaxBackOff"/>.</summary>
    internal int BackOff { get; private set; }

    /// <summary>Ticks to wait before sending again after a failure.</summary>
    internal int PauseTicks { get; set; }

    /// <summary>It did not answer lately: only heartbeats go to it until one is answered, instead of shipping entries into the void.</summary>
    internal bool Silent { get; set; }

    /// <summary>It answered since the last quorum check (dissertation §6.2).</summary>
    internal bool RecentlyActive { get; set; }

    /// <summary>Ticks since it answered; <see cref="NeverHeard"/> when it has not answered this leader yet.</summary>
    internal int QuietTicks { get; set; } = NeverHeard;

    /// <summary>The newest read round that it confirmed in this term.</summary>
    internal long ReadRound { get; private set; }

    /// <summary>The snapshot that it is being sent, or null.</summary>
    internal SnapshotMetadata? Snapshot { get; private set; }

    /// <summary>The offset of the chunk that it wants next.</summary>
    internal long SnapshotOffset { get; set; }

    internal bool IsReady => InFlight == 0 && PauseTicks == 0 && !Silent;

    internal void Reset(LogIndex next)
    {
        (Match, Next, Probing, InFlight, InFlightTicks, PauseTicks) = (LogIndex.Zero, next, true, 0, 0, 0);
        (Silent, RecentlyActive, QuietTicks, ReadRound, Snapshot, SnapshotOffset, BackOff) = (false, false, NeverHeard, 0, null, 0, 0);
    }

    internal void Sent(long sequence) => (InFlight, InFlightTicks) = (sequence, 0);

    /// <summary>Entries up to <paramref name="last"/> were sent; go on behind them before the answer is there.</summary>
    internal void SentUpTo(LogIndex last) => Next = LogIndex.Max(Next, last.Next);

    /// <summary>It answered a request.</summary>
    /// <returns>Whether it was the one in flight.</returns>
    internal bool Answered(long sequence)
    {
        (RecentlyActive, Silent, QuietTicks) = (true, false, 0);
        if (InFlight != sequence) return false;
        (InFlight, InFlightTicks, BackOff) = (0, 0, 0);
        return true;
    }

    internal void ConfirmRound(long round) => ReadRound = Math.Max(ReadRound, round);

    /// <summary>Its log matches up to <paramref name="index"/>.</summary>
    /// <param name="index">What it vouches for.</param>
    /// <param name="answersNewest">Whether it answers the request in flight: a heartbeat's answer does not end a probe that tries a later point.</param>
    /// <returns>Whether that is news.</returns>
    internal bool Matched(LogIndex index, bool answersNewest)
    {
        bool news = index > Match;
        if (news) (Match, BackOff) = (index, 0);
        if (answersNewest || Match.Next >= Next) Probing = false;
        Next = LogIndex.Max(Next, Match.Next);
        if (Snapshot is not null && Match >= Snapshot.Index) (Snapshot, SnapshotOffset) = (null, 0);
        return news;
    }

    /// <summary>It refused the entry after <paramref name="previous"/>; try again from <paramref name="next"/>.</summary>
    internal void Refused(LogIndex previous, LogIndex next)
    {
        // An answer to anything but the newest attempt says nothing about now (R2).
        if (Probing ? previous != Next.Previous : previous <= Match) return;
        Next = LogIndex.Max(Match.Next, LogIndex.Min(next, previous));
        Probing = true;
    }

    /// <summary>
    /// What is on its way was not answered in time. It may still be there, or in the memory of a follower whose disk hangs (which answers heartbeats): the next wait is
    /// longer, so that what was sent in vain stays little.
    /// </summary>
    internal void Unanswered()
    {
        Lost(pauseTicks: 0);
        BackOff = Math.Min(BackOff + 1, MaxBackOff);
    }

    /// <summary>What was on its way is lost. Begin again behind what is known.</summary>
    internal void Lost(int pauseTicks)
    {
        (InFlight, InFlightTicks, PauseTicks, Silent) = (0, 0, pauseTicks, true);
        (Next, Probing) = (Match.Next, true);
    }

    internal void BeginSnapshot(SnapshotMetadata snapshot) => (Snapshot, SnapshotOffset) = (snapshot, 0);
}
