namespace Quorleans.Raft.Storage;

/// <summary>What a log did since it was opened. Any thread may read.</summary>
public sealed class LogStatistics
{
    private readonly TimeProvider _time;
    private long _inFlightSince;
    private long _batches;
    private long _bytes;
    private long _syncs;
    private long _segments;
    private readonly long[] _lastSyncs = new long[4];

    internal LogStatistics(TimeProvider time) => _time = time;

    /// <summary>Batches made durable, seals included.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Bytes written, with headers and padding.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Syncs of log files, each one fdatasync.</summary>
    public long Syncs => Volatile.Read(ref _syncs);

    /// <summary>Segments begun.</summary>
    public long Segments => Volatile.Read(ref _segments);

    /// <summary>How long a batch took to checksum and write, without its sync.</summary>
    public LatencyHistogram WriteLatency { get; } = new();

    /// <summary>How long its sync took.</summary>
    public LatencyHistogram SyncLatency { get; } = new();

    /// <summary>How long the fastest of the last four syncs took: what this disk is like, whatever one slow sync was like.</summary>
    public TimeSpan RecentSync
    {
        get
        {
            long least = long.MaxValue;
            for (int i = 0; i < _lastSyncs.Length; i++) least = Math.Min(least, Volatile.Read(ref _lastSyncs[i]));
            return new TimeSpan(least);
        }
    }

    /// <summary>How long the batch in flight has been on its way, for a disk watchdog; zero when there is none.</summary>
    public TimeSpan InFlightFor
    {
        get
        {
            long since = Volatile.Read(ref _inFlightSince);
            return since == 0 ? TimeSpan.Zero : _time.GetElapsedTime(since);
        }
    }

    internal void Sent() => Volatile.Write(ref _inFlightSince, Math.Max(1, _time.GetTimestamp()));

    internal void Done(long bytes, bool newSegment, TimeSpan write, TimeSpan sync)
    {
        Volatile.Write(ref _batches, _batches + 1);
        Volatile.Write(ref _bytes, _bytes + bytes);
        Volatile.Write(ref _syncs, _syncs + 1);
        if (newSegment) Volatile.Write(ref _segments, _segments + 1);
        WriteLatency.Add(write);
        SyncLatency.Add(sync);
        Volatile.Write(ref _lastSyncs[_syncs % _lastSyncs.Length], sync.Ticks);
        Volatile.Write(ref _inFlightSince, 0);
    }
}
