namespace Quorleans.Clerk;

/// <summary>Each group's leader, and the attempts that it owes an answer.</summary>
public sealed partial class ClerkCore
{
    private void GiveUpLateAttempts(GroupState group, long nowMs)
    {
        while (group.Oldest is { } attempt && attempt.SentMs + _attemptTimeoutMs <= nowMs)
        {
            GiveUp(attempt, $"no answer from {attempt.Replica.Node} within {_attemptTimeoutMs} ms", nowMs);

            // Followers were asked meanwhile. If one had heard the leader, it would not be suspect any more: let it prove itself.
            if (attempt.Replica == group.Locator.Leader && nowMs - group.Locator.HeardMs >= _suspectAfterMs) group.Locator.Forget(nowMs);
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

    private void FindLeader(GroupState group, long nowMs)
    {
        LeaderLocator locator = group.Locator;
        if (SuspectAtMs(group) <= nowMs) locator.Suspect(nowMs);
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
            ? Math.Max(oldest.SentMs, group.Locator.HeardMs) + _suspectAfterMs
            : long.MaxValue;

    private long WhenNext(GroupState group)
    {
        long next = long.MaxValue;
        if (group.Oldest is { } oldest) next = Math.Min(next, oldest.SentMs + _attemptTimeoutMs);
        if (OldestWithSlot(group) is { } silent) next = Math.Min(next, FreesSlotAtMs(silent));
        next = Math.Min(next, SuspectAtMs(group));
        LeaderLocator locator = group.Locator;
        if (locator.IsSearching && group.HasWork) next = Math.Min(next, locator.ProbeAtMs);
        if (locator.Leader is null) return next;
        if (group.Writes.Queue.Count > 0 && CanSend(group, group.Writes)) next = Math.Min(next, group.Writes.NotBeforeMs);
        if (group.Reads.Queue.Count > 0 && CanSend(group, group.Reads)) next = Math.Min(next, group.Reads.NotBeforeMs);
        return next;
    }
}
