using System.Diagnostics.CodeAnalysis;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// What one client did on one shard, as far as a retry may still ask: the acknowledged floor and the results above it, in order of their
/// sequences (which need not be the order in which they were applied).
/// </summary>
/// <remarks>
/// A result goes when it is acknowledged or when its deadline is over for longer than the retention. The session itself goes when all
/// deadlines that it ever saw are: then any copy of its operations is refused by its own deadline, so forgetting the floor cannot let one in.
/// It lies in the arrays of <see cref="SessionTable"/>, and a single result lies in it: a client that does one thing at a time, and there may
/// be hundreds of thousands of those, costs no object.
/// </remarks>
internal struct Session
{
    /// <summary>The deadline of an operation that has none.</summary>
    public const long NoDeadline = long.MaxValue;

    /// <summary>The one result where there is no list; without a status, none.</summary>
    private CachedResult _only;
    private ResultList? _list;

    /// <summary>Creates a session.</summary>
    public Session(long floor, long latestDeadlineMs)
    {
        Floor = floor;
        LatestDeadlineMs = latestDeadlineMs;
    }

    /// <summary>All sequences at or below it are acknowledged.</summary>
    public long Floor { get; private set; }

    /// <summary>The latest deadline of all operations that were done in it.</summary>
    public long LatestDeadlineMs { get; private set; }

    /// <summary>How many results there are.</summary>
    public readonly int Count => _list?.Count ?? (_only.Status == OperationStatus.None ? 0 : 1);

    /// <summary>Bytes of the bodies among them.</summary>
    public readonly long BodyBytes => _list?.BodyBytes ?? _only.BodyBytes;

    /// <summary>The results, by sequence. Valid as long as the session stays where it is.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<CachedResult> Results => _list is { } list ? list.Results : new ReadOnlySpan<CachedResult>(in _only)[..Count];

    /// <summary>Its part of the shard's digest, without the results.</summary>
    public readonly UInt128 Hash(ClientId client) => StrongHash.OfSession(client, Floor, LatestDeadlineMs);

    /// <summary>Makes it one that <paramref name="owner"/> may change, when it was copied from one of another's.</summary>
    public void Own(object owner)
    {
        if (_list is { } list && !ReferenceEquals(list.Owner, owner)) _list = list.CopyFor(owner);
    }

    /// <summary>Whether nothing in it can matter any more.</summary>
    /// <param name="cutoffMs">Log time less the retention.</param>
    public readonly bool IsOver(long cutoffMs) => LatestDeadlineMs < cutoffMs;

    /// <summary>Looks up what an operation was answered.</summary>
    public readonly bool TryGet(long sequence, out CachedResult result)
    {
        ReadOnlySpan<CachedResult> results = Results;
        int position = ResultList.LowerBound(results, sequence);
        bool found = position < results.Length && results[position].Sequence == sequence;
        result = found ? results[position] : default;
        return found;
    }

    /// <summary>Keeps a result; its sequence has none yet.</summary>
    /// <param name="owner">Who may change the session.</param>
    /// <param name="result">The result.</param>
    public void Add(object owner, in CachedResult result)
    {
        LatestDeadlineMs = Math.Max(LatestDeadlineMs, result.DeadlineMs);
        if (_list is null && _only.Status == OperationStatus.None)
        {
            _only = result;
            return;
        }

        if (_list is null)
        {
            _list = new ResultList(owner);
            _list.Add(_only);
            _only = default;
        }

        _list.Add(result);
    }

    /// <summary>Raises the floor.</summary>
    /// <param name="floor">The new floor; a lower one changes nothing.</param>
    /// <returns>How many results that acknowledges; <see cref="DropFirst"/> takes them away.</returns>
    public int RaiseFloor(long floor)
    {
        Floor = Math.Max(Floor, floor);
        return ResultList.LowerBound(Results, Floor + 1);
    }

    /// <summary>Drops the results with the lowest sequences.</summary>
    public void DropFirst(int count)
    {
        if (_list is { } list) list.DropFirst(count);
        else if (count > 0) _only = default;
    }

    /// <summary>Whether a result's deadline is over for longer than the retention.</summary>
    public readonly bool HasExpired(long cutoffMs)
    {
        foreach (ref readonly CachedResult result in Results)
        {
            if (result.DeadlineMs < cutoffMs) return true;
        }

        return false;
    }

    /// <summary>Drops the results whose deadlines are over for longer than the retention.</summary>
    /// <returns>What they add up to in the shard's digest.</returns>
    public UInt128 DropExpired(ClientId client, long cutoffMs)
    {
        if (_list is { } list) return list.DropExpired(client, cutoffMs);
        if (!HasExpired(cutoffMs)) return 0;
        UInt128 dropped = StrongHash.OfResult(client, _only);
        _only = default;
        return dropped;
    }
}
