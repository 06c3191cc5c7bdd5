namespace Quorleans.Clerk;

/// <summary>Each group's leader, and the attempts that it owes an answer.</summary>
public sealed partial class ClerkCore
{
    // However slow a leader is, one that has died is to be missed before callers do.
    private const int MaxSuspectAfterMs = 1000;

    private void GiveUpLateAttempts(GroupState group, long nowMs)
    {
        while (group.Oldest is { } attempt && attempt.SentMs + _attemptTimeoutMs <= nowMs)
        {
            GiveUp(attempt, $"no answer from {attempt.Replica.Node} within {_attemptTimeoutMs} ms", nowMs);

            // Followers were asked meanwhile. If one had heard the leader, it would not be suspect any more: let it prove itself.
            if (attempt.Replica == group.Locator.Leader && nowMs - group.Locator.HeardMs >= SuspectAfterMs(group)) group.Locator.Forget(nowMs);
        }
    }

    private void FreeSilentSlots(GroupState group, long nowMs)
    {
        for (ClerkAttempt? attempt = OldestWithSlot(group); attempt is not null && FreesSlotAtMs(attempt) <= nowMs; attempt = attempt.Next)
            group.FreeSlot(attempt);
    }

    private ClerkAttempt? OldestWithSlot(GroupState group)
    {
        if (!_options.Batching) return null;
        ClerkAttempt? attempt = group.Oldest;
        while (attempt is { HoldsSlot: false }) attempt = attempt.Next;
        return attempt;
    }

    // A lost call must not hold up its lane until its time-out, as long as the leader lives.
    private long FreesSlotAtMs(ClerkAttempt attempt) =>
        attempt.Group.Locator.HeardMs > attempt.SentMs ? attempt.SentMs + (2L * _suspectAfterMs) : long.MaxValue;

    /// <summary>
    /// An answer may be lost while its leader lives, by a gateway that died or that the client left. One attempt of a lane is sent again before its time-out to find
    /// out: not all of them, since a leader that is just slow must not get its whole load twice.
    /// </summary>
    private void Hurry(GroupState group, Lane lane, long nowMs)
    {
        if (HurriesAtMs(group, lane) > nowMs) return;
        lane.HurriedMs = nowMs;
        GiveUp(OldestOf(group, lane)!, "its leader lives and does not answer", nowMs);
    }

    private long HurriesAtMs(GroupState group, Lane lane) =>
        OldestOf(group, lane) is { } attempt && group.Locator.HeardMs > attempt.SentMs && attempt.Replica == group.Locator.Leader
            ? Math.Max(attempt.SentMs + HurryAfterMs(group), lane.HurriedMs + _attemptTimeoutMs)
            : long.MaxValue;

    private static ClerkAttempt? OldestOf(GroupState group, Lane lane)
    {
        ClerkAttempt? attempt = group.Oldest;
        while (attempt is not null && attempt.Kind != lane.Kind) attempt = attempt.Next;
        return attempt;
    }

    private long HurryAfterMs(GroupState group) => 4L * SuspectAfterMs(group);

    /// <summary>
    /// After how long silence is suspicious. A leader that has too much to do answers everybody late: if all of them asked the other replicas about it and sent again what
    /// it has, it would have even more to do. So a leader is given twice the time that it has taken lately.
    /// </summary>
    private int SuspectAfterMs(GroupState group) => (int)Math.Max(_suspectAfterMs, Math.Min(2 * group.LatencyMs, MaxSuspectAfterMs));

    /// <summary>
    /// The leader answered one that was sent long after others: it takes a lane's batches in their order, so the others' answers are lost.
    /// </summary>
    private void GiveUpOvertaken(ClerkAttempt answered, long nowMs)
    {
        for (ClerkAttempt? attempt = answered.Group.Oldest; attempt is not null && attempt.SentMs + HurryAfterMs(answered.Group) <= answered.SentMs;)
        {
            ClerkAttempt? next = attempt.Next;
            if (attempt.Kind == answered.Kind && attempt.Replica == answered.Replica) GiveUp(attempt, "its answer was lost", nowMs);
            attempt = next;
        }
    }

    private void FindLeader(GroupState group, long nowMs)
    {
        LeaderLocator locator = group.Locator;
        if (SuspectAtMs(group) <= nowMs) locator.Suspect(nowMs);

        // What it owed was given up, so nothing of it is awaited that could clear it; and perhaps there is nobody else to ask.
        if (locator.IsSuspect && group.Oldest is null) locator.Forget(nowMs);
        if (!locator.IsSearching || !group.HasWork)
        {
            group.LeaderlessMs = long.MaxValue;
            return;
        }

        AskWhereIts(group, nowMs);
        AskReplicas(group, AttemptKind.Probe, _probePayload, nowMs);
    }

    private long SuspectAtMs(GroupState group) =>
        group.Oldest is { } oldest && !group.Locator.IsSearching
            ? Math.Max(oldest.SentMs, group.Locator.HeardMs) + SuspectAfterMs(group)
            : long.MaxValue;

    private long WhenNext(GroupState group)
    {
        long next = long.MaxValue;
        if (group.Oldest is { } oldest) next = Math.Min(next, oldest.SentMs + _attemptTimeoutMs);
        if (OldestWithSlot(group) is { } silent) next = Math.Min(next, FreesSlotAtMs(silent));
        next = Math.Min(next, SuspectAtMs(group));
        next = Math.Min(next, Math.Min(HurriesAtMs(group, group.Writes), HurriesAtMs(group, group.Reads)));
        LeaderLocator locator = group.Locator;
        if (locator.IsSearching && group.HasWork) next = Math.Min(next, locator.ProbeAtMs);
        if (locator.Leader is null) return next;
        if (group.Writes.Queue.Count > 0) next = Math.Min(next, CanSend(group, group.Writes) ? group.Writes.NotBeforeMs : GatesOpenAtMs());
        if (group.Reads.Queue.Count > 0 && CanSend(group, group.Reads)) next = Math.Min(next, group.Reads.NotBeforeMs);
        return next;
    }

    private long GatesOpenAtMs()
    {
        long next = long.MaxValue;
        foreach (NodeGate gate in _gates) next = Math.Min(next, gate.OpensAtMs);
        return next;
    }
}
