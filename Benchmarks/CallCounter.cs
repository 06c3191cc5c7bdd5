using System.Diagnostics.Metrics;
using Quorleans.Clerk;

namespace Quorleans.Benchmarks;

/// <summary>Counts what all Clerks of the process send, while it lives.</summary>
internal sealed class CallCounter : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _batches;
    private long _calls;
    private long _detours;
    private long _refused;

    public CallCounter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == ClerkMetrics.MeterName && instrument.Name is ClerkMetrics.Batches or ClerkMetrics.Calls or ClerkMetrics.Detours or ClerkMetrics.Busy) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, count, _, _) =>
        {
            switch (instrument.Name)
            {
                case ClerkMetrics.Calls: Interlocked.Add(ref _calls, count); break;
                case ClerkMetrics.Detours: Interlocked.Add(ref _detours, count); break;
                case ClerkMetrics.Busy: Interlocked.Add(ref _refused, count); break;
                default: Interlocked.Add(ref _batches, count); break;
            }
        });
        _listener.Start();
    }

    /// <summary>Batches of operations.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Grain calls that carried them.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <summary>Those of them that went by another gateway than that of their node.</summary>
    public long Detours => Volatile.Read(ref _detours);

    /// <summary>Batches that nodes refused as busy.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
