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
    private long _lostMs = long.MinValue;
    private long _provenMs = long.MinValue;
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
    /// <param name="sentMs">When it left.</param>
    /// <param name="nowMs">Now.</param>
    public void Answered(long sentMs, long nowMs)
    {
        End(sentMs);
        _waitsSinceMs = nowMs;
        if (sentMs > _provenMs) _provenMs = sentMs;
        _avoidUntilMs = long.MinValue;
    }

    /// <summary>A call failed without an answer.</summary>
    /// <param name="sentMs">When it left.</param>
    /// <param name="nowMs">Now.</param>
    public void Failed(long sentMs, long nowMs)
    {
        End(sentMs);
        // What was lost with its silo is given up by Orleans half a minute later, and then says nothing of a way that has answered since.
        if (sentMs < _provenMs) return;
        _avoidUntilMs = nowMs + AvoidMs;
    }

    /// <summary>The connection broke: what was under way by it is lost, and waited for no longer.</summary>
    public void Lost(long nowMs) => (_open, _lostMs) = (0, nowMs);

    private void End(long sentMs)
    {
        if (_open > 0 && sentMs >= _lostMs) _open--;
    }
}
