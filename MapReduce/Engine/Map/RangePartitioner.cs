namespace Quorleans.MapReduce.Engine;

/// <summary>Partitions that are ranges of keys, so that the outputs, one after the other, are in order as a whole.</summary>
public sealed class RangePartitioner : IPartitioner
{
    private readonly byte[][] _bounds;
    private readonly ulong[] _prefixes;
    private readonly IKeyComparer? _order;

    /// <param name="bounds">The first key of each partition but the first, in order.</param>
    /// <param name="order">The order; null: of bytes.</param>
    public RangePartitioner(IReadOnlyList<byte[]> bounds, IKeyComparer? order)
    {
        _bounds = [.. bounds];
        _prefixes = [.. bounds.Select(static bound => KeyPrefix.Of(bound))];
        _order = order;
    }

    /// <inheritdoc/>
    public int Partition(ReadOnlySpan<byte> key, int partitions)
    {
        ulong prefix = KeyPrefix.Of(key);
        int low = 0;
        int high = _bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (IsBefore(key, prefix, middle)) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    private bool IsBefore(ReadOnlySpan<byte> key, ulong prefix, int bound)
    {
        if (_order is not null) return _order.Compare(key, _bounds[bound]) < 0;
        return prefix != _prefixes[bound] ? prefix < _prefixes[bound] : key.SequenceCompareTo(_bounds[bound]) < 0;
    }
}
