using Microsoft.Extensions.Time.Testing;

namespace Quorleans.MapReduce.Tests;

/// <summary>A clock that the test moves, and that says when somebody waits for it: so a test moves it when what it did before has had its effect.</summary>
internal sealed class WatchedTime : FakeTimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Lock _lock = new();
    private readonly List<Wait> _waits = [];
    private TaskCompletionSource _began = NewSignal();

    public WatchedTime()
    {
    }

    public WatchedTime(DateTimeOffset start)
        : base(start)
    {
    }

    /// <summary>By how much timers that are set later come too early, as those of a system that counts in coarse steps may.</summary>
    public TimeSpan Early { get; set; }

    /// <summary>Ends when something waits for this clock, or when something else has ended.</summary>
    /// <param name="other">Something else that may happen.</param>
    /// <param name="counts">Which waits count, by their length; null: all.</param>
    public async Task WaitedForAsync(Task other, Func<TimeSpan, bool>? counts = null)
    {
        while (!other.IsCompleted)
        {
            Task began;
            lock (_lock)
            {
                if (_waits.Exists(wait => counts?.Invoke(wait.Length) != false)) return;
                began = _began.Task;
            }

            await Task.WhenAny(other, began).WaitAsync(Patience);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // A timer without a length is set later, and nobody waits for it: such as that of a lease.
        if (dueTime == Timeout.InfiniteTimeSpan) return new EarlyTimer(this, base.CreateTimer(callback, state, dueTime, period));
        Wait wait = new(this, dueTime);
        wait.Timer = base.CreateTimer(
            _ =>
            {
                End(wait);
                callback(state);
            },
            null, dueTime, period);
        lock (_lock)
        {
            if (wait.IsOver) return wait;
            _waits.Add(wait);
            _began.SetResult();
            _began = NewSignal();
        }

        return wait;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void End(Wait wait)
    {
        lock (_lock)
        {
            wait.IsOver = true;
            _waits.Remove(wait);
        }
    }

    private sealed class Wait(WatchedTime time, TimeSpan length) : ITimer
    {
        public TimeSpan Length => length;

        public ITimer Timer { get; set; } = null!;

        public bool IsOver { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period) => Timer.Change(dueTime, period);

        public void Dispose()
        {
            time.End(this);
            Timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            time.End(this);
            return Timer.DisposeAsync();
        }
    }

    private sealed class EarlyTimer(WatchedTime time, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime > time.Early ? dueTime - time.Early : dueTime, period);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
