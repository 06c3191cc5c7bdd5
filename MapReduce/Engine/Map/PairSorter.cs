using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Sorts entries by their keys; equal keys stay in the order of arrival. Prefixes are sorted by radix, on those of their bits that differ at all: two
/// passes, then short runs that agree in those bits are finished by insertion, long ones by the same again on their next bits. Keys with equal
/// prefixes are sorted by their next eight bytes in the same way, so that a common beginning such as <c>http://</c> costs a pass instead of all speed.
/// A key order of the user's leaves comparing only.
/// </summary>
internal readonly ref struct PairSorter<TKeys>
    where TKeys : struct, IKeySource
{
    private const int DigitBits = 8;
    private const int Digits = 1 << DigitBits;
    private const int InsertionAtMost = 32;
    private const int DeepestBytes = 64;
    private readonly Span<PairEntry> _scratch;
    private readonly TKeys _keys;
    private readonly IKeyComparer? _order;

    /// <param name="keys">Finds an entry's key.</param>
    /// <param name="order">The order; null: of bytes.</param>
    /// <param name="scratch">Room for as many entries as there are to be sorted.</param>
    public PairSorter(TKeys keys, IKeyComparer? order, Span<PairEntry> scratch)
    {
        _keys = keys;
        _order = order;
        _scratch = scratch;
    }

    /// <summary>Sorts entries that have the prefixes of their keys and are in the order of arrival.</summary>
    public void Sort(Span<PairEntry> entries)
    {
        if (_order is null) SortFrom(entries, 0);
        else entries.Sort(new Comparer(_keys, _order));
    }

    // The prefixes are the eight bytes at an offset of the keys, which are equal before it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SortFrom(Span<PairEntry> entries, int offset)
    {
        SortPrefixes(entries);
        for (int start = 0; start < entries.Length;)
        {
            ulong prefix = entries[start].Prefix;
            int end = start + 1;
            while (end < entries.Length && entries[end].Prefix == prefix) end++;
            if (end - start > 1) SortEqual(entries[start..end], offset + sizeof(ulong));
            start = end;
        }
    }

    // The keys are equal before the offset, but some may have ended there: a prefix is filled with zeros.
    private void SortEqual(Span<PairEntry> entries, int offset)
    {
        if (entries.Length <= InsertionAtMost)
        {
            InsertByKey(entries);
            return;
        }

        int shortest = int.MaxValue;
        int longest = 0;
        foreach (ref PairEntry entry in entries)
        {
            ReadOnlySpan<byte> key = _keys.KeyAt(entry.Place);
            shortest = Math.Min(shortest, key.Length);
            longest = Math.Max(longest, key.Length);
            entry.Prefix = key.Length > offset ? KeyPrefix.Of(key[offset..]) : 0;
        }

        // All ended: they are equal.
        if (shortest == longest && longest <= offset) return;
        if (longest <= offset || offset >= DeepestBytes) entries.Sort(new Comparer(_keys, null));
        else SortFrom(entries, offset);
    }

    private void InsertByKey(Span<PairEntry> entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            PairEntry entry = entries[i];
            ReadOnlySpan<byte> key = _keys.KeyAt(entry.Place);
            int to = i;
            for (; to > 0 && _keys.KeyAt(entries[to - 1].Place).SequenceCompareTo(key) > 0; to--) entries[to] = entries[to - 1];
            entries[to] = entry;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SortPrefixes(Span<PairEntry> entries)
    {
        if (entries.Length <= InsertionAtMost)
        {
            InsertByPrefix(entries);
            return;
        }

        ulong least = ulong.MaxValue;
        ulong most = 0;
        foreach (ref readonly PairEntry entry in entries)
        {
            least = Math.Min(least, entry.Prefix);
            most = Math.Max(most, entry.Prefix);
        }

        // A run that still agrees after this has at least sixteen bits less to differ in: it ends after four rounds.
        int bits = 64 - BitOperations.LeadingZeroCount(most - least);
        if (bits == 0) return;
        int shift = Math.Max(0, bits - (2 * DigitBits));
        TwoPasses(entries, _scratch[..entries.Length], least, shift);
        if (shift == 0) return;
        for (int start = 0; start < entries.Length;)
        {
            ulong digits = (entries[start].Prefix - least) >> shift;
            int end = start + 1;
            while (end < entries.Length && (entries[end].Prefix - least) >> shift == digits) end++;
            if (end - start > InsertionAtMost) SortPrefixes(entries[start..end]);
            else if (end - start > 1) InsertByPrefix(entries[start..end]);
            start = end;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoPasses(Span<PairEntry> entries, Span<PairEntry> scratch, ulong least, int shift)
    {
        Span<int> low = stackalloc int[Digits];
        Span<int> high = stackalloc int[Digits];
        low.Clear();
        high.Clear();
        foreach (ref readonly PairEntry entry in entries)
        {
            ulong digits = (entry.Prefix - least) >> shift;
            low[(int)(digits & (Digits - 1))]++;
            high[(int)(digits >> DigitBits)]++;
        }

        int lowStart = 0;
        int highStart = 0;
        for (int digit = 0; digit < Digits; digit++)
        {
            (low[digit], lowStart) = (lowStart, lowStart + low[digit]);
            (high[digit], highStart) = (highStart, highStart + high[digit]);
        }

        foreach (ref readonly PairEntry entry in entries) scratch[low[(int)(((entry.Prefix - least) >> shift) & (Digits - 1))]++] = entry;
        foreach (ref readonly PairEntry entry in scratch) entries[high[(int)((entry.Prefix - least) >> (shift + DigitBits))]++] = entry;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InsertByPrefix(Span<PairEntry> entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            PairEntry entry = entries[i];
            int to = i;
            for (; to > 0 && entries[to - 1].Prefix > entry.Prefix; to--) entries[to] = entries[to - 1];
            entries[to] = entry;
        }
    }

    private readonly struct Comparer(TKeys keys, IKeyComparer? order) : IComparer<PairEntry>
    {
        public int Compare(PairEntry x, PairEntry y)
        {
            int found = order is null ? keys.KeyAt(x.Place).SequenceCompareTo(keys.KeyAt(y.Place)) : order.Compare(keys.KeyAt(x.Place), keys.KeyAt(y.Place));
            return found != 0 ? found : x.Place.CompareTo(y.Place);
        }
    }
}
