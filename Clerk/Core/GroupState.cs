namespace Quorleans.Clerk;

/// <summary>Operations of one kind for one group: sent when idle, gathered while a batch is in flight.</summary>
internal sealed class Lane(AttemptKind kind)
{
    /// <summary>Whether it carries writes or reads.</summary>
    public AttemptKind Kind { get; } = kind;

    /// <summary>What waits for the next batch.</summary>
    public OperationQueue Queue { get; } = new();

    /// <summary>Batches whose answer is awaited and that keep others from being sent.</summary>
    public int InFlight { get; set; }

    /// <summary>The call in which its last batch left.</summary>
    public ClerkCall? LastCall { get; set; }

    /// <summary>Attempts that failed in a row.</summary>
    public int Failures { get; set; }

    /// <summary>When its oldest attempt was last sent again before its time-out.</summary>
    public long HurriedMs { get; set; } = long.MinValue / 2;

    /// <summary>When it may send again after the group refused something as busy.</summary>
    public long BusyUntilMs { get; set; } = long.MinValue;

    /// <summary>When it may send again after failures.</summary>
    public long NotBeforeMs { get; set; } = long.MinValue;
}

/// <summary>What the Clerk knows of one replica group.</summary>
internal sealed class GroupState(int gid, string name, LeaderLocator locator)
{
    // Added to a deadline in log time: the estimate lags by an answer's way, and a deadline must not come early.
    private const int LogDeadlineSlackMs = 500;

    private ClerkAttempt? _youngest;
    private long _logOffsetMs;
    private long _logTimeFrom = -1;

    /// <summary>Its number; 0 or -1 for one that has none.</summary>
    public int Gid { get; } = gid;

    /// <summary>The group's name.</summary>
    public string Name { get; } = name;

    /// <summary>Who leads.</summary>
    public LeaderLocator Locator { get; private set; } = locator;

    /// <summary>Which incarnation of its number it is; 0 as long as the controller has not said so.</summary>
    public long Incarnation { get; set; }

    /// <summary>Since when work waits for a leader; <see cref="long.MaxValue"/> when there is one.</summary>
    public long LeaderlessMs { get; set; } = long.MaxValue;

    /// <summary>Whether shards left it, so that what waits in its queues must be looked at.</summary>
    public bool LostShards { get; set; }

    /// <summary>The writes.</summary>
    public Lane Writes { get; } = new(AttemptKind.Write);

    /// <summary>The reads.</summary>
    public Lane Reads { get; } = new(AttemptKind.Read);

    /// <summary>The attempt that was sent first of those whose answer is awaited; probes are not among them.</summary>
    public ClerkAttempt? Oldest { get; private set; }

    /// <summary>The attempt by which the current leader proved itself: an answer to an older one proves nothing about now.</summary>
    public long ProvenBy { get; set; }

    /// <summary>Whether anything waits for the group.</summary>
    public bool HasWork => Oldest is not null || Writes.Queue.Count > 0 || Reads.Queue.Count > 0;

    /// <summary>
    /// Learns the group's log time from a leader's answer. Only from there: a follower that lags would make deadlines come early.
    /// </summary>
    public void LearnLogTime(ClerkAttempt attempt, long logTimeMs, long nowMs)
    {
        if (attempt.Id <= _logTimeFrom) return;
        _logTimeFrom = attempt.Id;
        _logOffsetMs = logTimeMs - nowMs;
    }

    /// <summary>The controller named its incarnation and nodes for the first time.</summary>
    public void Adopt(long incarnation, IReadOnlyList<string> nodes)
    {
        Incarnation = incarnation;
        Locator.SetNodes(nodes);
    }

    /// <summary>It left and joined again under its number: another group with another leader and log, of which old answers say nothing.</summary>
    public void BeginAnew(long incarnation, LeaderLocator locator, long lastAttempt)
    {
        Incarnation = incarnation;
        Locator = locator;
        ProvenBy = lastAttempt + 1;
        _logTimeFrom = lastAttempt;
    }

    /// <summary>How long the leader takes to answer at present: at once when it takes longer than it did, slowly when it gets faster.</summary>
    public long LatencyMs { get; private set; }

    /// <summary>The leader answered an attempt.</summary>
    public void LearnLatency(long milliseconds) => LatencyMs = Math.Max(milliseconds, LatencyMs - ((LatencyMs - milliseconds + 7) / 8));

    /// <summary>A deadline of the local clock, in log time.</summary>
    public long ToLogDeadline(long deadlineMs) => Math.Max(1, deadlineMs + _logOffsetMs + LogDeadlineSlackMs);

    /// <summary>The lane of a kind of attempt; probes have none.</summary>
    public Lane? LaneOf(AttemptKind kind) => kind switch
    {
        AttemptKind.Write => Writes,
        AttemptKind.Read => Reads,
        _ => null,
    };

    /// <summary>Waits for an attempt's answer from now on.</summary>
    public void Await(ClerkAttempt attempt)
    {
        attempt.IsLive = true;
        attempt.Previous = _youngest;
        if (_youngest is null) Oldest = attempt;
        else _youngest.Next = attempt;
        _youngest = attempt;
        attempt.HoldsSlot = true;
        LaneOf(attempt.Kind)!.InFlight++;
    }

    /// <summary>It has been silent for long while its replica was heard: it may be lost, and those behind it need not wait for it.</summary>
    public void FreeSlot(ClerkAttempt attempt)
    {
        if (!attempt.HoldsSlot) return;
        attempt.HoldsSlot = false;
        LaneOf(attempt.Kind)!.InFlight--;
    }

    /// <summary>Waits for it no longer.</summary>
    public void Release(ClerkAttempt attempt)
    {
        if (!attempt.IsLive) return;
        attempt.IsLive = false;
        if (attempt.Previous is null) Oldest = attempt.Next;
        else attempt.Previous.Next = attempt.Next;
        if (attempt.Next is null) _youngest = attempt.Previous;
        else attempt.Next.Previous = attempt.Previous;
        attempt.Next = attempt.Previous = null;
        FreeSlot(attempt);
        attempt.Call?.Gate.Release(attempt.Call);
    }
}
