namespace Quorleans.KeyValue.Store;

/// <summary>The results of a client that has done, or had, several things at a time on a shard, by sequence.</summary>
/// <param name="owner">Who may change it.</param>
internal sealed class ResultList(object owner)
{
    private CachedResult[] _results = new CachedResult[4];
    private int _start;

    /// <summary>Who may change it; all others must copy it first.</summary>
    public object Owner => owner;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the bodies among them.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>The results.</summary>
    public ReadOnlySpan<CachedResult> Results => _results.AsSpan(_start, Count);

    /// <summary>A copy that <paramref name="other"/> may change.</summary>
    public ResultList CopyFor(object other) => new(other) { Count = Count, BodyBytes = BodyBytes, _results = Results.ToArray() };

    /// <summary>The first position whose sequence is not below <paramref name="sequence"/>.</summary>
    public static int LowerBound(ReadOnlySpan<CachedResult> results, long sequence)
    {
        // Usually one client has few results here, and the one asked for is new.
        if (results.IsEmpty || results[^1].Sequence < sequence) return results.Length;
        int low = 0, high = results.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (results[middle].Sequence < sequence) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Keeps a result; its sequence has none yet.</summary>
    public void Add(in CachedResult result)
    {
        int position = LowerBound(Results, result.Sequence);
        if (_start + Count == _results.Length)
        {
            CachedResult[] next = _start > _results.Length / 2 ? _results : new CachedResult[Math.Max(4, _results.Length * 2)];
            Results.CopyTo(next);
            _results = next;
            _start = 0;
        }

        int at = _start + position;
        Array.Copy(_results, at, _results, at + 1, Count - position);
        _results[at] = result;
        Count++;
        BodyBytes += result.BodyBytes;
    }

    /// <summary>Drops the results with the lowest sequences.</summary>
    public void DropFirst(int count)
    {
        // A body must not stay alive behind the results that are left.
        foreach (ref CachedResult result in _results.AsSpan(_start, count))
        {
            BodyBytes -= result.BodyBytes;
            if (result.Body is not null) result = default;
        }

        _start += count;
        Count -= count;
        if (Count == 0) _start = 0;
    }

    /// <summary>Drops the results whose deadlines are over for longer than the retention.</summary>
    /// <returns>What they add up to in the shard's digest.</returns>
    public UInt128 DropExpired(ClientId client, long cutoffMs)
    {
        UInt128 dropped = 0;
        Span<CachedResult> results = _results.AsSpan(_start, Count);
        int kept = 0;
        foreach (ref CachedResult result in results)
        {
            if (result.DeadlineMs < cutoffMs)
            {
                dropped += StrongHash.OfResult(client, result);
                BodyBytes -= result.BodyBytes;
            }
            else
            {
                results[kept++] = result;
            }
        }

        results[kept..].Clear();
        Count = kept;
        return dropped;
    }
}
