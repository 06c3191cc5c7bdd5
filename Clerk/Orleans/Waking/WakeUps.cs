namespace Quorleans.Clerk;

/// <summary>
/// One timer for all Clerks of a process. Each would need one of its own that fires a few times a second, mostly to find that the answer has come, and the runtime looks
/// through all that are due soon whenever one fires: with thousands of Clerks that cost more than their calls. Safe for several threads.
/// </summary>
internal sealed class WakeUps : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<ISleeper, long> _sleepers = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _firesAt = long.MaxValue;

    private WakeUps(TimeProvider time)
    {
        _time = time;
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static wakeUps => ((WakeUps)wakeUps!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private static WakeUps Shared { get; } = new(TimeProvider.System);

    /// <summary>Those of a clock. <see cref="Dispose"/> is for every user.</summary>
    public static WakeUps Of(TimeProvider time) => time == TimeProvider.System ? Shared : new WakeUps(time);

    /// <summary>How many times were asked for and have not come.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _sleepers.Count;
        }
    }

    /// <summary>Wakes somebody once. What was asked for before stays.</summary>
    /// <param name="sleeper">Whom.</param>
    /// <param name="at">When, a timestamp of the clock.</param>
    public void Ask(ISleeper sleeper, long at)
    {
        lock (_lock)
        {
            _sleepers.Enqueue(sleeper, at);
            SetTimer();
        }
    }

    /// <summary>Ends the timer, unless it is shared.</summary>
    public void Dispose()
    {
        if (this != Shared) _timer.Dispose();
    }

    private void OnTimer()
    {
        List<(ISleeper, long)> due = [];
        lock (_lock)
        {
            _firesAt = long.MaxValue;
            long now = _time.GetTimestamp();
            while (_sleepers.TryPeek(out ISleeper? sleeper, out long at) && at <= now)
            {
                due.Add((sleeper, at));
                _sleepers.Dequeue();
            }

            SetTimer();
        }

        foreach ((ISleeper sleeper, long at) in due) sleeper.OnWake(at);
    }

    private void SetTimer()
    {
        if (!_sleepers.TryPeek(out _, out long at) || at >= _firesAt) return;
        _firesAt = at;
        // A timer counts whole milliseconds, and one too early would only be set again.
        double ms = Math.Ceiling((at - _time.GetTimestamp()) * 1000.0 / _time.TimestampFrequency);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, ms)), Timeout.InfiniteTimeSpan);
    }
}
