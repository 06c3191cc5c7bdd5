namespace Quorleans.Client.Workload;

/// <summary>What all clients of a workload count together.</summary>
internal sealed class WorkloadTally
{
    private readonly Lock _lock = new();
    private int _nextClient;
    private long _operations;
    private long _unknown;
    private long _refused;
    private long _lastSuccessNs;
    private long _longestGapNs;

    /// <summary>A client number that nobody has had.</summary>
    public int NewClient() => Interlocked.Increment(ref _nextClient) - 1;

    /// <summary>Begins to watch for gaps.</summary>
    public void Start(long nowNs) => _lastSuccessNs = nowNs;

    /// <summary>An operation whose outcome is known and that was recorded.</summary>
    public void Succeeded(long nowNs)
    {
        lock (_lock)
        {
            _operations++;
            CloseGap(nowNs);
        }
    }

    /// <summary>An operation whose outcome is unknown.</summary>
    public void Unknown()
    {
        lock (_lock)
        {
            _operations++;
            _unknown++;
        }
    }

    /// <summary>An operation that surely did not happen, and is not in the history.</summary>
    public void Refused() => Interlocked.Increment(ref _refused);

    /// <summary>The sums, at the end.</summary>
    public WorkloadSummary Finish(long nowNs)
    {
        lock (_lock)
        {
            CloseGap(nowNs);
            return new WorkloadSummary(_operations, _unknown, _refused, _longestGapNs / 1e6);
        }
    }

    private void CloseGap(long nowNs)
    {
        // Clients come here in another order than they read the clock.
        if (nowNs <= _lastSuccessNs) return;
        _longestGapNs = Math.Max(_longestGapNs, nowNs - _lastSuccessNs);
        _lastSuccessNs = nowNs;
    }
}

/// <summary>What came of a workload.</summary>
/// <param name="Operations">Operations in the history.</param>
/// <param name="Unknown">Those of them whose outcome is unknown.</param>
/// <param name="Refused">Operations that surely did not happen, and are not in the history.</param>
/// <param name="LongestGapMs">The longest time in which no operation of any client succeeded.</param>
internal sealed record WorkloadSummary(long Operations, long Unknown, long Refused, double LongestGapMs);
