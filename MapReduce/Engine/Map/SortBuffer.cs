using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Pairs in memory, in the order of arrival and in the form that they have in a run, sorted when they are written out. One arena has all: pairs from its
/// beginning, their entries from its end downwards, and in between always as much room as the entries take, to sort them in.
/// </summary>
internal sealed unsafe class SortBuffer(int partitions, long memoryBytes, IKeyComparer? order, ArenaPool pool) : IDisposable
{
    private const long MostBytes = 0x7000_0000;
    private const int BytesPerEntry = 2 * PairEntry.Bytes;
    private const int LongestHeader = 2 * Varint.MaxBytes;
    private const int PrefetchAhead = 8;
    private readonly long _limit = Math.Min(memoryBytes, MostBytes);
    private readonly int[] _counts = new int[partitions];
    private Arena? _arena;
    private byte* _start;
    private PairEntry* _entries;
    private long _capacity;
    private long _used;
    private int _pairs;

    public bool IsEmpty => _pairs == 0;

    /// <summary>Takes a pair, unless the memory is used up. An empty buffer takes any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAdd(int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long needed = _used + LongestHeader + key.Length + value.Length + (BytesPerEntry * (_pairs + 1L)) + PairEntry.Bytes;
        if (needed > _capacity && !TryMakeRoom(needed)) return false;
        Span<byte> to = new(_start + _used, LongestHeader + key.Length + value.Length);
        int at = Varint.Write(to, (ulong)key.Length + 1);
        key.CopyTo(to[at..]);
        at += key.Length;
        at += Varint.Write(to[at..], (ulong)value.Length);
        value.CopyTo(to[at..]);
        *(_entries - ++_pairs) = new PairEntry(order is null ? KeyPrefix.Of(key) : 0, (int)_used, partition);
        _counts[partition]++;
        _used += at + value.Length;
        return true;
    }

    /// <summary>Sorts and writes all pairs as a run, then is empty.</summary>
    public Run WriteRun(WorkFiles files, string path, IUtf8Combiner? combiner)
    {
        using RunWriter writer = new(files, path, partitions);
        Span<PairEntry> entries = ByPartition();
        PairSorter<Keys> sorter = new(new Keys(_start), order, new Span<PairEntry>(_entries - _pairs, _pairs));
        for (int partition = 0; partition < partitions; partition++)
        {
            Span<PairEntry> members = entries[.._counts[partition]];
            entries = entries[_counts[partition]..];
            if (members.IsEmpty) continue;
            sorter.Sort(members);
            writer.BeginPartition(partition);
            if (combiner is null) Write(members, writer);
            else new CombiningWriter(this, writer, combiner).Write(members);
        }

        Run run = writer.Finish();
        Clear();
        return run;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_arena is null) return;
        Clear();
        pool.Return(_arena);
        _arena = null;
    }

    internal ReadOnlySpan<byte> KeyAt(int place) => new Keys(_start).KeyAt(place);

    internal ReadOnlySpan<byte> ValueAt(int place)
    {
        PairForm pair = new(_start + place);
        return new ReadOnlySpan<byte>(_start + place + pair.ValueStart, pair.ValueLength);
    }

    private bool TryMakeRoom(long needed)
    {
        if (_pairs > 0) return false;
        if (needed - BytesPerEntry > Array.MaxLength) throw new MapReduceException(JobFailure.TooLong, $"a pair of {needed - BytesPerEntry} bytes is too long: 2 GB are the limit");
        if (_arena is not null) pool.Return(_arena);
        _arena = null;
        _arena = pool.Take(Math.Max(needed, _limit));
        _start = _arena.Start;
        _entries = (PairEntry*)(_start + _arena.Bytes);
        _capacity = Math.Max(needed, _limit);
        return true;
    }

    private void Clear()
    {
        _arena!.Touch(_used + (PairEntry.Bytes * (_pairs + 1L)), PairEntry.Bytes * (long)_pairs);
        _counts.AsSpan().Clear();
        _used = 0;
        _pairs = 0;

        // The place for a pair that was longer than the limit is not for more of them.
        _capacity = Math.Min(_capacity, _limit);
    }

    // A counting sort into the room behind the pairs; what the entries leave is then the sorter's.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Span<PairEntry> ByPartition()
    {
        PairEntry* to = (PairEntry*)(_start + ((_used + PairEntry.Bytes - 1) / PairEntry.Bytes * PairEntry.Bytes));
        int[] next = new int[partitions];
        for (int partition = 1; partition < partitions; partition++) next[partition] = next[partition - 1] + _counts[partition - 1];

        // The first to arrive is the last in memory.
        for (PairEntry* entry = _entries - 1; entry >= _entries - _pairs; entry--) to[next[entry->Partition]++] = *entry;
        return new Span<PairEntry>(to, _pairs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(ReadOnlySpan<PairEntry> members, RunWriter writer)
    {
        for (int i = 0; i < members.Length; i++)
        {
            // The pairs lie in no order: each would be waited for.
            if (Sse.IsSupported && i + PrefetchAhead < members.Length)
            {
                byte* ahead = _start + members[i + PrefetchAhead].Place;
                Sse.Prefetch0(ahead);
                Sse.Prefetch0(ahead + 64);
            }

            byte* pair = _start + members[i].Place;
            PairForm form = new(pair);
            writer.Write(new ReadOnlySpan<byte>(pair, form.ValueStart + form.ValueLength), form.KeyStart, form.KeyLength);
        }
    }

    // Where the parts of a pair lie that has the form of a run.
    private readonly struct PairForm
    {
        public PairForm(byte* pair)
        {
            int at = 0;
            KeyLength = Read(pair, ref at) - 1;
            KeyStart = at;
            at += KeyLength;
            ValueLength = Read(pair, ref at);
            ValueStart = at;
        }

        public int KeyStart { get; }

        public int KeyLength { get; }

        public int ValueStart { get; }

        public int ValueLength { get; }

        public static int Read(byte* from, ref int at)
        {
            int b = from[at++];
            if (b < 0x80) return b;
            int value = b & 0x7F;
            for (int shift = 7; ; shift += 7)
            {
                b = from[at++];
                value |= (b & 0x7F) << shift;
                if (b < 0x80) return value;
            }
        }
    }

    private readonly struct Keys(byte* start) : IKeySource
    {
        public ReadOnlySpan<byte> KeyAt(int place)
        {
            int at = 0;
            int length = PairForm.Read(start + place, ref at) - 1;
            return new ReadOnlySpan<byte>(start + place + at, length);
        }
    }
}
