using System.Diagnostics.Metrics;
using Quorleans.Clerk;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>Counts what all Clerks of the process send, while it lives.</summary>
internal sealed class CallCounter : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _batches;
    private long _calls;

    public CallCounter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == ClerkMetrics.MeterName && instrument.Name is ClerkMetrics.Batches or ClerkMetrics.Calls) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, count, _, _) => Interlocked.Add(ref instrument.Name == ClerkMetrics.Calls ? ref _calls : ref _batches, count));
        _listener.Start();
    }

    /// <summary>Batches of operations.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Grain calls that carried them.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
