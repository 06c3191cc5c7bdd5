namespace Quorleans.Client.Workload;

/// <summary>A monotonic clock in nanoseconds. On Linux all processes of a machine read the same one, so their histories can be joined.</summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The time.</summary>
    public TimeProvider Time => time;

    /// <summary>Now, in nanoseconds.</summary>
    public long NowNs
    {
        get
        {
            long frequency = time.TimestampFrequency;
            long now = time.GetTimestamp();
            return frequency == NanosecondsPerSecond ? now : (long)((Int128)now * NanosecondsPerSecond / frequency);
        }
    }
}
