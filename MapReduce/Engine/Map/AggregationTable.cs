using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Numbers by key, combined as they come. Keys of up to 16 bytes lie in the table itself, so that a hit touches one cache line; longer ones in
/// an arena beside it.
/// </summary>
internal sealed class AggregationTable<TCombiner>(int partitions, long memoryBytes, IPartitioner partitioner, IKeyComparer? order)
    where TCombiner : struct, ICombiner<long>
{
    private const int InlineBytes = 16;
    private const int InitialSlots = 1 << 13;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private readonly int _maxSlots = (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(memoryBytes / 64, InitialSlots, 1 << 28) / 2 + 1);
    private readonly long _maxArena = Math.Min(memoryBytes / 2, 0x7000_0000);
    private Slot[] _slots = new Slot[InitialSlots];
    private byte[] _arena = new byte[4096];
    private int _used;
    private int _count;

    /// <summary>Adds a number, unless the memory is used up: then all is to be written out first.</summary>
    public bool TryAdd(ReadOnlySpan<byte> key, long value)
    {
        ref byte start = ref MemoryMarshal.GetReference(key);
        ulong a;
        ulong b = 0;
        if (key.Length > InlineBytes) return TryAddLong(key, value);
        if (key.Length >= 8)
        {
            a = Unsafe.ReadUnaligned<ulong>(ref start);
            if (key.Length > 8) b = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, key.Length - 8)) >> (8 * (InlineBytes - key.Length));
        }
        else if (key.Length >= 4)
        {
            a = Unsafe.ReadUnaligned<uint>(ref start) | ((ulong)Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, key.Length - 4)) << (8 * (key.Length - 4)));
        }
        else
        {
            a = key.Length == 0 ? 0 : start | ((ulong)Unsafe.Add(ref start, key.Length >> 1) << (8 * (key.Length >> 1))) | ((ulong)Unsafe.Add(ref start, key.Length - 1) << (8 * (key.Length - 1)));
        }

        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        int tag = key.Length + 1;
        for (int i = Home(a, b, mask); ; i = (i + 1) & mask)
        {
            ref Slot slot = ref slots[i];
            if (slot.A == a && slot.B == b && slot.Tag == tag)
            {
                default(TCombiner).Combine(ref slot.Value, value);
                return true;
            }

            if (slot.Tag == 0) return TryInsert(ref slot, a, b, tag, 0, value);
        }
    }

    /// <summary>Sorts and writes everything as a run, then is empty.</summary>
    public Run WriteRun(WorkFiles files, string path)
    {
        using RunWriter writer = new(files, path, partitions);
        (int[] order2, int[] starts) = ByPartition();
        Span<byte> number = stackalloc byte[Varint.MaxBytes];
        for (int partition = 0; partition < partitions; partition++)
        {
            Span<int> members = order2.AsSpan(starts[partition], starts[partition + 1] - starts[partition]);
            if (members.IsEmpty) continue;
            Sort(members);
            writer.BeginPartition(partition);
            foreach (int i in members) writer.Write(KeyOf(ref _slots[i]), number[..Varint.Write(number, Varint.ZigZag(_slots[i].Value))]);
        }

        Array.Clear(_slots);
        _count = 0;
        _used = 0;
        return writer.Finish();
    }

    private bool TryAddLong(ReadOnlySpan<byte> key, long value)
    {
        ulong a = 0;
        ulong b = (ulong)key.Length;
        ReadOnlySpan<byte> rest = key;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            a = BitOperations.RotateLeft((a ^ MemoryMarshal.Read<ulong>(rest)) * Multiplier, 29);
            b += a;
        }

        foreach (byte c in rest) a = BitOperations.RotateLeft((a ^ c) * Multiplier, 29);
        b ^= a >> 7;
        int mask = _slots.Length - 1;
        for (int i = Home(a, b, mask); ; i = (i + 1) & mask)
        {
            ref Slot slot = ref _slots[i];
            if (slot.A == a && slot.B == b && slot.Tag == key.Length + 1 && KeyOf(ref slot).SequenceEqual(key))
            {
                default(TCombiner).Combine(ref slot.Value, value);
                return true;
            }

            if (slot.Tag != 0) continue;
            if ((long)_used + key.Length > _maxArena && _count > 0) return false;
            int at = _used;
            if (!TryInsert(ref slot, a, b, key.Length + 1, at, value)) return false;
            if (at + (long)key.Length > _arena.Length) Array.Resize(ref _arena, (int)Math.Min(Array.MaxLength, Math.Max(at + (long)key.Length, _arena.Length * 2L)));
            key.CopyTo(_arena.AsSpan(at));
            _used += key.Length;
            return true;
        }
    }

    private bool TryInsert(ref Slot slot, ulong a, ulong b, int tag, int offset, long value)
    {
        if (_count >= _maxSlots / 2 && _slots.Length >= _maxSlots) return false;
        slot = new Slot { A = a, B = b, Tag = tag, Offset = offset, Value = value };
        if (++_count > _slots.Length / 2) Grow();
        return true;
    }

    private void Grow()
    {
        Slot[] old = _slots;
        Slot[] slots = new Slot[old.Length * 2];
        int mask = slots.Length - 1;
        foreach (ref Slot slot in old.AsSpan())
        {
            if (slot.Tag == 0) continue;
            int i = Home(slot.A, slot.B, mask);
            while (slots[i].Tag != 0) i = (i + 1) & mask;
            slots[i] = slot;
        }

        _slots = slots;
    }

    // Which slots belong to each partition: a counting sort of the occupied ones.
    private (int[] Slots, int[] Starts) ByPartition()
    {
        int[] places = new int[_count];
        int[] partitionOf = new int[_count];
        int[] starts = new int[partitions + 1];
        int n = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].Tag == 0) continue;
            places[n] = i;
            partitionOf[n] = partitioner.Partition(KeyOf(ref _slots[i]), partitions);
            starts[partitionOf[n++] + 1]++;
        }

        for (int p = 0; p < partitions; p++) starts[p + 1] += starts[p];
        int[] next = starts[..partitions];
        int[] sorted = new int[_count];
        for (int i = 0; i < n; i++) sorted[next[partitionOf[i]]++] = places[i];
        return (sorted, starts);
    }

    private void Sort(Span<int> members)
    {
        ulong[] prefixes = new ulong[members.Length];
        if (order is null)
        {
            for (int i = 0; i < members.Length; i++) prefixes[i] = KeyPrefix.Of(KeyOf(ref _slots[members[i]]));
        }

        prefixes.AsSpan().Sort(members);
        for (int start = 0; start < prefixes.Length;)
        {
            int end = start + 1;
            while (end < prefixes.Length && prefixes[end] == prefixes[start]) end++;
            if (end - start > 1) members[start..end].Sort(Compare);
            start = end;
        }
    }

    private int Compare(int left, int right) => order is null
        ? KeyOf(ref _slots[left]).SequenceCompareTo(KeyOf(ref _slots[right]))
        : order.Compare(KeyOf(ref _slots[left]), KeyOf(ref _slots[right]));

    private ReadOnlySpan<byte> KeyOf(ref Slot slot)
    {
        int length = slot.Tag - 1;
        if (length > InlineBytes) return _arena.AsSpan(slot.Offset, length);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<ulong, byte>(ref slot.A), length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Home(ulong a, ulong b, int mask)
    {
        ulong hash = (a ^ BitOperations.RotateLeft(b * Multiplier, 31)) * Multiplier;
        return (int)(hash >> 32) & mask;
    }

    // A and B are the key itself, padded with zeros, when it is short; else they are its hash. Tag: the key's length + 1; 0 in an empty slot.
    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public ulong A;
        public ulong B;
        public long Value;
        public int Tag;
        public int Offset;
    }
}
