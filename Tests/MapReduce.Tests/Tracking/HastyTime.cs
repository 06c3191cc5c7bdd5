using Microsoft.Extensions.Time.Testing;

namespace Quorleans.MapReduce.Tests.Tracking;

/// <summary>A clock that a test moves, and whose timers may come too early, as those of a system that counts in coarse steps do.</summary>
internal sealed class HastyTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>By how much timers are early.</summary>
    public TimeSpan Early { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HastyTimer(this, base.CreateTimer(callback, state, dueTime, period));

    private sealed class HastyTimer(HastyTime time, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime > time.Early ? dueTime - time.Early : dueTime, period);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
