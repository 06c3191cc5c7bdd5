namespace Quorleans.Simulation;

/// <summary>One node's clock; it may run fast or slow. Its timers die with the life of the node that made them.</summary>
internal sealed class NodeClock(World world, SimulatedNode node) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => 1_000_000;

    /// <inheritdoc/>
    public override long GetTimestamp() => world.NowUs;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(world.NowUs * TimeSpan.TicksPerMicrosecond);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(node, callback, state, dueTime, period);

    private sealed class Timer : ITimer
    {
        private readonly SimulatedNode _node;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly Action _elapse;
        private long _periodUs;
        private int _changes;
        private int _armedAt;

        internal Timer(SimulatedNode node, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_node, _callback, _state, _elapse) = (node, callback, state, Elapse);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _changes++;
            _periodUs = (long)period.TotalMicroseconds;
            if (dueTime >= TimeSpan.Zero) Arm((long)dueTime.TotalMicroseconds);
            return true;
        }

        public void Dispose() => _changes++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(long delayUs)
        {
            _armedAt = _changes;
            _node.After(_node.Elapsing(delayUs), _elapse);
        }

        private void Elapse()
        {
            if (_armedAt != _changes) return;
            if (_periodUs > 0) Arm(_periodUs);
            _callback(_state);
        }
    }
}
