using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Numbers by key, combined as they come. Keys of up to 16 bytes lie in the table itself, so that a hit touches one cache line; longer ones
/// beside it.
/// </summary>
internal sealed unsafe class AggregationTable<TCombiner> : IDisposable
    where TCombiner : struct, ICombiner<long>
{
    private const int InlineBytes = 16;
    private const int InitialSlots = 1 << 13;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private readonly int _partitions;
    private readonly IPartitioner _partitioner;
    private readonly IKeyComparer? _order;
    private readonly ArenaPool _pool;
    private readonly int _maxSlots;
    private readonly long _maxLongKeys;
    private Arena? _memory;
    private Slot* _slots;
    private int _size;
    private byte[] _longKeys = new byte[4096];
    private int _used;
    private int _count;

    public AggregationTable(int partitions, long memoryBytes, IPartitioner partitioner, IKeyComparer? order, ArenaPool pool)
    {
        _partitions = partitions;
        _partitioner = partitioner;
        _order = order;
        _pool = pool;
        _maxSlots = (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(memoryBytes / 64, InitialSlots, 1 << 28) / 2 + 1);
        _maxLongKeys = Math.Min(memoryBytes / 2, 0x7000_0000);
        Allocate(InitialSlots);
    }

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

        Slot* slots = _slots;
        int mask = _size - 1;
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
        using RunWriter writer = new(files, path, _partitions);
        Arena arena = _pool.Take(2L * PairEntry.Bytes * _count);
        try
        {
            Span<PairEntry> entries = new(arena.Start, _count);
            PairSorter<Keys> sorter = new(new Keys(_slots, _longKeys), _order, new Span<PairEntry>(arena.Start + ((long)PairEntry.Bytes * _count), _count));
            int[] counts = ByPartition(entries);
            Span<byte> number = stackalloc byte[Varint.MaxBytes];
            for (int partition = 0; partition < _partitions; partition++)
            {
                Span<PairEntry> members = entries[..counts[partition]];
                entries = entries[counts[partition]..];
                if (members.IsEmpty) continue;
                sorter.Sort(members);
                writer.BeginPartition(partition);
                foreach (ref readonly PairEntry member in members)
                    writer.Write(KeyOf(ref _slots[member.Place], _longKeys), number[..Varint.Write(number, Varint.ZigZag(_slots[member.Place].Value))]);
            }
        }
        finally
        {
            arena.Touch(2L * PairEntry.Bytes * _count);
            _pool.Return(arena);
        }

        new Span<Slot>(_slots, _size).Clear();
        _count = 0;
        _used = 0;
        return writer.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is null) return;
        _pool.Return(_memory);
        _memory = null;
        _slots = null;
        _size = 0;
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
        int mask = _size - 1;
        for (int i = Home(a, b, mask); ; i = (i + 1) & mask)
        {
            ref Slot slot = ref _slots[i];
            if (slot.A == a && slot.B == b && slot.Tag == key.Length + 1 && KeyOf(ref slot, _longKeys).SequenceEqual(key))
            {
                default(TCombiner).Combine(ref slot.Value, value);
                return true;
            }

            if (slot.Tag != 0) continue;
            if ((long)_used + key.Length > _maxLongKeys && _count > 0) return false;
            int at = _used;
            if (!TryInsert(ref slot, a, b, key.Length + 1, at, value)) return false;
            if (at + (long)key.Length > _longKeys.Length) Array.Resize(ref _longKeys, (int)Math.Min(Array.MaxLength, Math.Max(at + (long)key.Length, _longKeys.Length * 2L)));
            key.CopyTo(_longKeys.AsSpan(at));
            _used += key.Length;
            return true;
        }
    }

    private bool TryInsert(ref Slot slot, ulong a, ulong b, int tag, int offset, long value)
    {
        if (_count >= _maxSlots / 2 && _size >= _maxSlots) return false;
        slot = new Slot { A = a, B = b, Tag = tag, Offset = offset, Value = value };
        if (++_count > _size / 2) Grow();
        return true;
    }

    private void Grow()
    {
        Arena? oldMemory = _memory;
        Slot* old = _slots;
        int oldSize = _size;
        Allocate(oldSize * 2);
        int mask = _size - 1;
        foreach (ref readonly Slot slot in new ReadOnlySpan<Slot>(old, oldSize))
        {
            if (slot.Tag == 0) continue;
            int i = Home(slot.A, slot.B, mask);
            while (_slots[i].Tag != 0) i = (i + 1) & mask;
            _slots[i] = slot;
        }

        _pool.Return(oldMemory!);
    }

    private void Allocate(int size)
    {
        Arena memory = _pool.Take((long)size * sizeof(Slot));
        _memory = memory;
        _slots = (Slot*)memory.Start;
        _size = size;
        memory.Touch((long)size * sizeof(Slot));
        new Span<Slot>(_slots, size).Clear();
    }

    // A counting sort of the occupied slots.
    private int[] ByPartition(Span<PairEntry> entries)
    {
        int[] partitionOf = new int[_count];
        int[] counts = new int[_partitions];
        int n = 0;
        for (int i = 0; i < _size; i++)
        {
            if (_slots[i].Tag == 0) continue;
            int partition = MapContext.PartitionOf(_partitioner, KeyOf(ref _slots[i], _longKeys), _partitions);
            partitionOf[n++] = partition;
            counts[partition]++;
        }

        int[] next = new int[_partitions];
        for (int partition = 1; partition < _partitions; partition++) next[partition] = next[partition - 1] + counts[partition - 1];
        n = 0;
        for (int i = 0; i < _size; i++)
        {
            if (_slots[i].Tag == 0) continue;
            int partition = partitionOf[n++];
            entries[next[partition]++] = new PairEntry(_order is null ? KeyPrefix.Of(KeyOf(ref _slots[i], _longKeys)) : 0, i, partition);
        }

        return counts;
    }

    private static ReadOnlySpan<byte> KeyOf(ref Slot slot, byte[] longKeys)
    {
        int length = slot.Tag - 1;
        if (length > InlineBytes) return longKeys.AsSpan(slot.Offset, length);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<ulong, byte>(ref slot.A), length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Home(ulong a, ulong b, int mask)
    {
        ulong hash = (a ^ BitOperations.RotateLeft(b * Multiplier, 31)) * Multiplier;
        return (int)(hash >> 32) & mask;
    }

    private readonly struct Keys(Slot* slots, byte[] longKeys) : IKeySource
    {
        public ReadOnlySpan<byte> KeyAt(int place) => KeyOf(ref slots[place], longKeys);
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
