namespace Quorleans.KeyValue.Store;

/// <summary>
/// What one client did on one shard, as far as a retry may still ask: the acknowledged floor and the results above it, in order of their
/// sequences (which need not be the order in which they were applied).
/// </summary>
/// <remarks>
/// A result goes when it is acknowledged or when its deadline is over for longer than the retention. The session itself goes when all
/// deadlines that it ever saw are: then any copy of its operations is refused by its own deadline, so forgetting the floor cannot let one in.
/// </remarks>
internal sealed class Session
{
    /// <summary>The deadline of an operation that has none.</summary>
    public const long NoDeadline = long.MaxValue;

    private CachedResult[] _results;
    private int _start;

    /// <summary>Creates a session.</summary>
    public Session(object owner, ClientId client, long floor)
    {
        Owner = owner;
        Client = client;
        Floor = floor;
        _results = [];
    }

    private Session(object owner, Session other)
    {
        Owner = owner;
        Client = other.Client;
        Floor = other.Floor;
        LatestDeadlineMs = other.LatestDeadlineMs;
        Count = other.Count;
        BodyBytes = other.BodyBytes;
        _results = other.Results.ToArray();
    }

    /// <summary>Who may change it; all others must copy it first.</summary>
    public object Owner { get; }

    /// <summary>Whose session it is.</summary>
    public ClientId Client { get; }

    /// <summary>All sequences at or below it are acknowledged.</summary>
    public long Floor { get; private set; }

    /// <summary>The latest deadline of all operations that were done in it.</summary>
    public long LatestDeadlineMs { get; private set; }

    /// <summary>How many results there are.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the bodies among them.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>The results, by sequence.</summary>
    public ReadOnlySpan<CachedResult> Results => _results.AsSpan(_start, Count);

    /// <summary>Its part of the shard's digest, without the results.</summary>
    public UInt128 Hash => StrongHash.OfSession(Client, Floor, LatestDeadlineMs);

    /// <summary>A copy that <paramref name="owner"/> may change.</summary>
    public Session CopyFor(object owner) => new(owner, this);

    /// <summary>Whether nothing in it can matter any more.</summary>
    /// <param name="cutoffMs">Log time less the retention.</param>
    public bool IsOver(long cutoffMs) => LatestDeadlineMs < cutoffMs;

    /// <summary>Looks up what an operation was answered.</summary>
    public bool TryGet(long sequence, out CachedResult result)
    {
        int position = LowerBound(sequence);
        bool found = position < Count && Results[position].Sequence == sequence;
        result = found ? Results[position] : default;
        return found;
    }

    /// <summary>Keeps a result; its sequence has none yet.</summary>
    public void Add(in CachedResult result)
    {
        int position = Count == 0 || result.Sequence > _results[_start + Count - 1].Sequence ? Count : LowerBound(result.Sequence);
        if (_start + Count == _results.Length)
        {
            CachedResult[] next = _start > _results.Length / 2 ? _results : new CachedResult[Math.Max(1, _results.Length * 2)];
            Results.CopyTo(next);
            _results = next;
            _start = 0;
        }

        int at = _start + position;
        Array.Copy(_results, at, _results, at + 1, Count - position);
        _results[at] = result;
        Count++;
        BodyBytes += result.BodyBytes;
        LatestDeadlineMs = Math.Max(LatestDeadlineMs, result.DeadlineMs);
    }

    /// <summary>Raises the floor.</summary>
    /// <param name="floor">The new floor; a lower one changes nothing.</param>
    /// <returns>How many results that acknowledges; <see cref="DropFirst"/> takes them away.</returns>
    public int RaiseFloor(long floor)
    {
        Floor = Math.Max(Floor, floor);
        return LowerBound(Floor + 1);
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

    /// <summary>Whether a result's deadline is over for longer than the retention.</summary>
    public bool HasExpired(long cutoffMs)
    {
        foreach (ref readonly CachedResult result in Results)
        {
            if (result.DeadlineMs < cutoffMs) return true;
        }

        return false;
    }

    /// <summary>Drops the results whose deadlines are over for longer than the retention.</summary>
    /// <returns>What they add up to in the shard's digest.</returns>
    public UInt128 DropExpired(long cutoffMs)
    {
        UInt128 dropped = 0;
        Span<CachedResult> results = _results.AsSpan(_start, Count);
        int kept = 0;
        foreach (ref CachedResult result in results)
        {
            if (result.DeadlineMs < cutoffMs)
            {
                dropped += StrongHash.OfResult(Client, result);
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

    /// <summary>Sets what a snapshot says.</summary>
    public void RestoreLatestDeadline(long deadlineMs) => LatestDeadlineMs = deadlineMs;

    private int LowerBound(long sequence)
    {
        ReadOnlySpan<CachedResult> results = Results;
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
}
