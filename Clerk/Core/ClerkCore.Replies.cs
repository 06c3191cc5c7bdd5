using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>What became of attempts.</summary>
public sealed partial class ClerkCore
{
    // Whatever a replica says.
    private const int MaxRetryAfterMs = 1000;

    /// <summary>A replica answered. A late answer, to an attempt that was given up, still counts for what it says.</summary>
    /// <param name="attempt">To which attempt; a second answer to the same one is ignored.</param>
    /// <param name="reply">What it said. Its bytes must not change any more: values that were read are slices of it.</param>
    /// <param name="nowMs">Now.</param>
    public void OnReply(ClerkAttempt attempt, in ClerkReply reply, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        bool awaited = attempt.IsLive;
        if (!End(attempt)) return;
        attempt.MayBeCopy = reply.MayBeCopy;
        Replica replica = attempt.Replica;
        LeaderLocator locator = attempt.Group.Locator;
        if (reply.Status == ReplyStatus.Ok)
        {
            if (attempt.Kind == AttemptKind.Map && !ReadMap(attempt, reply.Result, nowMs)) return;
            if (attempt.Count > 0 && !ReadResults(attempt, reply.Result, nowMs)) return;
            if (reply.LeaderHint is null || reply.LeaderHint == replica.Node) OnLeaderSpoke(attempt, reply, nowMs);

            // A follower answers reads too, after asking the leader. It gets no writes, and its log time stands still.
            else locator.Denied(replica, reply.LeaderHint, Words(ReplyStatus.NotLeader), nowMs);
            return;
        }

        string problem = reply.Error is null ? Words(reply.Status) : $"{Words(reply.Status)} ({reply.Error})";
        bool didNothing = reply.Status != ReplyStatus.Unknown;
        if (didNothing) CloseAttempts(attempt);
        switch (reply.Status)
        {
            case ReplyStatus.Busy:
                if (replica == locator.Leader) locator.Trust(nowMs);
                Requeue(attempt, problem, nowMs, ClerkError.Busy);
                if (awaited) BackOff(attempt, reply.RetryAfterMs, nowMs);
                return;
            case ReplyStatus.DiskFull when attempt.Kind == AttemptKind.Write:
                foreach (ClerkOperation operation in attempt.Operations)
                    if (IsCarriedBy(operation, attempt))
                        Fail(operation, ClerkError.DiskFull, $"{replica.Address} has no space left on its disk for writes. Free some, or add a disk.");
                break;
            case ReplyStatus.Invalid when attempt.Count > 0:
                FindTheGuilty(attempt, reply.Error ?? "The replica calls the batch invalid.", nowMs);
                return;
            default:
                locator.Denied(replica, reply.LeaderHint, problem, nowMs);
                Requeue(attempt, $"{replica.Node}: {problem}", nowMs);
                break;
        }

        if (awaited) Slow(attempt, nowMs);
    }

    /// <summary>An attempt ended without an answer.</summary>
    /// <param name="attempt">Which; a second report of the same one is ignored.</param>
    /// <param name="failure">Whether it may have reached the replica.</param>
    /// <param name="problem">What happened, for a person.</param>
    /// <param name="nowMs">Now.</param>
    public void OnFailed(ClerkAttempt attempt, AttemptFailure failure, string problem, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        bool awaited = attempt.IsLive;
        if (!End(attempt)) return;
        if (failure == AttemptFailure.NotDelivered) CloseAttempts(attempt);
        attempt.Group.Locator.Denied(attempt.Replica, null, problem, nowMs);
        Requeue(attempt, $"{attempt.Replica.Node}: {problem}", nowMs);
        if (awaited) Slow(attempt, nowMs);
    }

    /// <summary>
    /// A connection broke by which attempts and their answers may have travelled: nothing says which. They are sent again over the others, and stay
    /// open meanwhile; without this each would wait for its time-out, although its replica lives.
    /// </summary>
    /// <param name="way">The connection, as <see cref="ClerkAttempt.Way"/> has it; null: it may have been any.</param>
    /// <param name="nowMs">Now.</param>
    public void OnConnectionLost(object? way, long nowMs)
    {
        foreach (GroupState group in _groups) SendAgain(group, way, nowMs);
        if (_controller is not null) SendAgain(_controller, way, nowMs);
    }

    private void SendAgain(GroupState group, object? way, long nowMs)
    {
        foreach (Replica replica in group.Locator.Replicas)
            if (replica.Probe is { } probe && WentBy(probe, way)) replica.Probe = null;
        ClerkAttempt? lost = null;
        for (ClerkAttempt? attempt = group.Oldest; attempt is not null;)
        {
            ClerkAttempt? next = attempt.Next;
            if (WentBy(attempt, way)) GiveUp(lost = attempt, "a connection was lost", nowMs);
            attempt = next;
        }

        // With a pause, so that connections that break again and again do not make a storm.
        if (lost is not null) Slow(lost, nowMs);
    }

    private static bool WentBy(ClerkAttempt attempt, object? way) => way is null || attempt.Way == way;

    private static string Words(ReplyStatus status) => status switch
    {
        ReplyStatus.NotLeader => "does not lead",
        ReplyStatus.Busy => "is busy",
        ReplyStatus.Unavailable => "cannot serve",
        ReplyStatus.Unknown => "lost its leadership",
        ReplyStatus.DiskFull => "has no space left on its disk",
        ReplyStatus.Invalid => "calls the request invalid",
        _ => "answers with an unknown status",
    };

    private static bool IsCarriedBy(ClerkOperation operation, ClerkAttempt attempt) =>
        operation.State == OperationState.InFlight && operation.Current == attempt;

    private static bool End(ClerkAttempt attempt)
    {
        if (attempt.IsEnded) return false;
        attempt.IsEnded = true;
        attempt.Replica.Unanswered = 0;
        if (attempt.Replica.Probe == attempt) attempt.Replica.Probe = null;
        attempt.Group.Release(attempt);
        return true;
    }

    private static void CloseAttempts(ClerkAttempt attempt)
    {
        foreach (ClerkOperation operation in attempt.Operations) operation.OpenAttempts--;
    }

    private void OnLeaderSpoke(ClerkAttempt attempt, in ClerkReply reply, long nowMs)
    {
        GroupState group = attempt.Group;
        if (group.LaneOf(attempt.Kind) is { } lane)
        {
            lane.Failures = 0;
            lane.NotBeforeMs = lane.BusyUntilMs;
            GiveUpOvertaken(attempt, nowMs);
        }

        // It led when the attempt was answered. If another one proved itself by an attempt that was sent later, that is the news.
        if (attempt.Id < group.ProvenBy && attempt.Replica != group.Locator.Leader) return;
        group.LearnLogTime(attempt, reply.LogTimeMs, nowMs);
        group.LearnLatency(nowMs - attempt.SentMs);
        group.ProvenBy = Math.Max(group.ProvenBy, attempt.Id);
        if (!group.Locator.Found(attempt.Replica, nowMs)) return;

        // A fail-over. The old leader may never answer, and whatever it still does is sorted out by the sessions.
        for (ClerkAttempt? old = group.Oldest; old is not null;)
        {
            ClerkAttempt? next = old.Next;
            if (old.Replica != attempt.Replica) GiveUp(old, $"{old.Replica.Node} was deposed", nowMs);
            old = next;
        }
    }

    /// <summary>Waits for an attempt no longer; it stays open, since it may still have its effect.</summary>
    private void GiveUp(ClerkAttempt attempt, string problem, long nowMs)
    {
        attempt.Group.Release(attempt);
        attempt.Replica.Problem = problem;
        Requeue(attempt, problem, nowMs);
    }

    /// <summary>Back to the front of the queue, in the old order, each on its own: the next batch may group them differently.</summary>
    private void Requeue(ClerkAttempt attempt, string problem, long nowMs, ClerkError? refusal = null)
    {
        for (int i = attempt.Operations.Length - 1; i >= 0; i--)
        {
            ClerkOperation operation = attempt.Operations[i];
            if (!IsCarriedBy(operation, attempt)) continue;
            operation.Current = null;
            operation.LastProblem = problem;
            operation.LastRefusal = refusal;
            Return(operation);
            if (operation is ScanPart part && IsOutdated(part)) Dissolve(part, nowMs);
        }
    }

    private void FindTheGuilty(ClerkAttempt attempt, string error, long nowMs)
    {
        if (attempt.Operations.Length == 1)
        {
            if (IsCarriedBy(attempt.Operations[0], attempt)) Fail(attempt.Operations[0], ClerkError.Invalid, error);
            return;
        }

        foreach (ClerkOperation operation in attempt.Operations) operation.Alone = true;
        Requeue(attempt, error, nowMs);
    }

    /// <summary>A lane whose attempts fail again and again pauses longer and longer; after one failure it does not, for a fail-over's sake.</summary>
    private void Slow(ClerkAttempt attempt, long nowMs)
    {
        if (attempt.Group.LaneOf(attempt.Kind) is not { } lane) return;
        lane.Failures++;
        if (lane.Failures > 1 || attempt.Group.Locator.Leader is not null) lane.NotBeforeMs = nowMs + Pause(lane.Failures);
    }

    /// <summary>
    /// The group took nothing of the attempt, since it has too much to do already. It is left alone for as long as it says, and longer each time, with jitter so that
    /// those who were refused together do not return together. Another batch that it did take meanwhile does not end the pause.
    /// </summary>
    private void BackOff(ClerkAttempt attempt, int retryAfterMs, long nowMs)
    {
        if (attempt.Group.LaneOf(attempt.Kind) is not { } lane) return;
        lane.Failures++;
        int asked = Math.Clamp(retryAfterMs, 0, MaxRetryAfterMs);
        lane.BusyUntilMs = lane.NotBeforeMs = nowMs + Math.Max(Pause(lane.Failures), (int)(asked * (0.5 + _random.NextDouble())));
    }

    private bool ReadResults(ClerkAttempt attempt, ReadOnlyMemory<byte> result, long nowMs)
    {
        ResultBatchReader reader = new(result);
        int read = 0;
        int served = 0;
        if (!reader.Error.IsError && reader.Count == attempt.Operations.Length)
        {
            while (reader.TryRead(out OperationResult each))
            {
                if (Settle(attempt.Operations[read++], attempt, each, nowMs)) served++;
            }
        }

        if (read == attempt.Operations.Length)
        {
            UnparkRefusedReads(attempt, served);
            return true;
        }

        string problem = reader.Error.IsError ? reader.Error.Message! : $"{reader.Count} results for {attempt.Operations.Length} operations";
        attempt.Group.Locator.Denied(attempt.Replica, null, problem, nowMs);
        Requeue(attempt, $"{attempt.Replica.Node}: {problem}", nowMs);
        Slow(attempt, nowMs);
        return false;
    }

    // A reply has a limit of bytes: reads behind it are refused. As long as some were served, the others need no pause.
    private void UnparkRefusedReads(ClerkAttempt attempt, int served)
    {
        if (attempt.Kind != AttemptKind.Read || served == 0) return;
        for (int i = attempt.Operations.Length - 1; i >= 0; i--)
        {
            ClerkOperation operation = attempt.Operations[i];
            if (operation.State != OperationState.Parked || operation.LastRefusal != ClerkError.Busy) continue;
            _parked.Remove(operation);
            operation.Refusals = 0;
            Return(operation);
        }
    }
}
