namespace Quorleans.Client.Tests.Fakes;

/// <summary>Virtual time: each look at the clock takes 1 ms, and a timer is due at once, after the clock has jumped to it.</summary>
internal sealed class SteppingTime : TimeProvider
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private long _now = 1;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => Interlocked.Add(ref _now, NanosecondsPerMillisecond);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            Advance(dueTime);
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new DueTimer();
    }

    public void Advance(TimeSpan time) => Interlocked.Add(ref _now, (long)time.TotalMilliseconds * NanosecondsPerMillisecond);

    private sealed class DueTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
