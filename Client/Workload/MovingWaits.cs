using System.Diagnostics.Metrics;
using Quorleans.Clerk;

namespace Quorleans.Client.Workload;

/// <summary>
/// Listens to how long operations of this process' Clerks wait for moving shards: from an operation's first answer that its shard is moving to its
/// success. What no operation ran into is not seen.
/// </summary>
internal sealed class MovingWaits : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(int Shard, double Milliseconds)> _waits = [];

    public MovingWaits()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == ClerkMetrics.MeterName && instrument.Name == ClerkMetrics.MovingWait) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, milliseconds, tags, _) =>
        {
            int shard = -1;
            foreach (KeyValuePair<string, object?> tag in tags)
                if (tag is { Key: ClerkMetrics.ShardTag, Value: int number }) shard = number;
            lock (_lock) _waits.Add((shard, milliseconds));
        });
        _listener.Start();
    }

    /// <summary>Takes what was heard since the last call, in the order in which it ended.</summary>
    public IReadOnlyList<(int Shard, double Milliseconds)> Take()
    {
        lock (_lock)
        {
            (int, double)[] taken = [.. _waits];
            _waits.Clear();
            return taken;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
