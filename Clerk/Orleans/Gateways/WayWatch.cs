namespace Quorleans.Clerk;

/// <summary>What is known of one way to one node: whether calls by it are answered. Pure: its times are the caller's.</summary>
internal sealed class WayWatch
{
    // Twice what makes the Clerk suspect a leader, and half of what makes it send again: when it does, the way is known to be silent.
    private const int SilentAfterMs = 300;
    private const int AvoidMs = 1_000;

    // Answers may be lost for good, by a cut that has healed: a silent way is tried again, rarely, since what is tried by it may hang.
    private const int TryAgainMs = 5_000;

    private int _open;
    private long _waitsSinceMs;
    private long _avoidUntilMs = long.MinValue;
    private long _takenMs = long.MinValue / 2;

    /// <summary>Whether it may be taken now.</summary>
    public bool IsGood(long nowMs)
    {
        if (nowMs < _avoidUntilMs) return false;
        return _open == 0 || nowMs - _waitsSinceMs < SilentAfterMs || nowMs - _takenMs >= TryAgainMs;
    }

    /// <summary>A call leaves by it.</summary>
    public void Take(long nowMs)
    {
        if (_open++ == 0) _waitsSinceMs = nowMs;
        _takenMs = nowMs;
    }

    /// <summary>A call was answered, whatever the answer.</summary>
    public void Answered(long nowMs)
    {
        _open--;
        _waitsSinceMs = nowMs;
        _avoidUntilMs = long.MinValue;
    }

    /// <summary>A call failed without an answer.</summary>
    public void Failed(long nowMs)
    {
        _open--;
        _avoidUntilMs = nowMs + AvoidMs;
    }
}
