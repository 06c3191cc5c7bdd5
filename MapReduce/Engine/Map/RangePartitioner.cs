using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>Partitions that are ranges of keys, so that the outputs, one after the other, are in order as a whole.</summary>
public sealed class RangePartitioner : IPartitioner
{
    private readonly byte[][] _bounds;
    private readonly IKeyComparer? _order;

    // Filled up with the greatest, to a power of two less one.
    private readonly ulong[] _prefixes;

    /// <param name="bounds">The first key of each partition but the first, in order.</param>
    /// <param name="order">The order; null: of bytes.</param>
    public RangePartitioner(IReadOnlyList<byte[]> bounds, IKeyComparer? order)
    {
        _bounds = [.. bounds];
        _order = order;
        _prefixes = new ulong[BitOperations.RoundUpToPowerOf2((uint)bounds.Count + 1) - 1];
        _prefixes.AsSpan().Fill(ulong.MaxValue);
        for (int i = 0; i < bounds.Count; i++) _prefixes[i] = KeyPrefix.Of(bounds[i]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Partition(ReadOnlySpan<byte> key, int partitions)
    {
        if (_order is not null) return ByOrder(key, _order);

        // How many bounds have no greater prefix, without a branch on any: no processor can predict them.
        ulong prefix = KeyPrefix.Of(key);
        ulong[] prefixes = _prefixes;
        int found = 0;
        for (int step = (prefixes.Length + 1) >> 1; step > 0; step >>= 1)
            found += step & -Unsafe.BitCast<bool, byte>(prefixes[found + step - 1] <= prefix);
        found = Math.Min(found, _bounds.Length);
        while (found > 0 && prefixes[found - 1] == prefix && key.SequenceCompareTo(_bounds[found - 1]) < 0) found--;
        return found;
    }

    private int ByOrder(ReadOnlySpan<byte> key, IKeyComparer order)
    {
        int low = 0;
        int high = _bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (order.Compare(key, _bounds[middle]) < 0) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
