using System.Buffers.Binary;

namespace Quorleans.MapReduce.Engine;

/// <summary>Pairs in memory, in the order of arrival, with an index for each partition that is sorted when they are written out.</summary>
internal sealed class SortBuffer(int partitions, long memoryBytes, IKeyComparer? order)
{
    private const int HeaderBytes = 8;
    private const int IndexBytes = 12;
    private const int InitialBytes = 64 * 1024;
    private readonly int _maxBytes = (int)Math.Min(memoryBytes, 0x7000_0000);
    private readonly PartitionIndex[] _indexes = [.. Enumerable.Range(0, partitions).Select(static _ => new PartitionIndex())];
    private byte[] _data = new byte[InitialBytes];
    private int _used;
    private int _pairs;

    public bool IsEmpty => _pairs == 0;

    /// <summary>Takes a pair, unless the memory is used up. An empty buffer takes any.</summary>
    public bool TryAdd(int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long needed = (long)_used + HeaderBytes + key.Length + value.Length;
        if (needed + (IndexBytes * (_pairs + 1L)) > _maxBytes && _pairs > 0) return false;
        if (needed > _data.Length) Grow(needed);
        Span<byte> to = _data.AsSpan(_used);
        BinaryPrimitives.WriteInt32LittleEndian(to, key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], value.Length);
        key.CopyTo(to[HeaderBytes..]);
        value.CopyTo(to[(HeaderBytes + key.Length)..]);
        _indexes[partition].Add(order is null ? KeyPrefix.Of(key) : 0, _used);
        _used = (int)needed;
        _pairs++;
        return true;
    }

    /// <summary>Sorts and writes all pairs as a run, then is empty.</summary>
    public Run WriteRun(WorkFiles files, string path, IUtf8Combiner? combiner)
    {
        using RunWriter writer = new(files, path, partitions);
        for (int partition = 0; partition < partitions; partition++)
        {
            PartitionIndex index = _indexes[partition];
            if (index.Count == 0) continue;
            Sort(index);
            writer.BeginPartition(partition);
            if (combiner is null)
            {
                foreach (int offset in index.Offsets) writer.Write(KeyAt(offset), ValueAt(offset));
            }
            else
            {
                new CombiningWriter(this, writer, combiner).Write(index.Offsets);
            }

            index.Clear();
        }

        _used = 0;
        _pairs = 0;
        return writer.Finish();
    }

    internal ReadOnlySpan<byte> KeyAt(int offset) => _data.AsSpan(offset + HeaderBytes, BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(offset)));

    internal ReadOnlySpan<byte> ValueAt(int offset)
    {
        int keyLength = BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(offset));
        return _data.AsSpan(offset + HeaderBytes + keyLength, BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(offset + 4)));
    }

    private void Grow(long needed)
    {
        long size = Math.Max(needed, Math.Min(_data.Length * 2L, _maxBytes));
        if (size > Array.MaxLength) throw new MapReduceException(JobFailure.TooLong, $"a pair of {needed} bytes is too long: 2 GB are the limit");
        Array.Resize(ref _data, (int)size);
    }

    // By prefix at the speed of numbers, then the runs of equal prefixes by their keys. Equal keys stay in the order of arrival.
    private void Sort(PartitionIndex index)
    {
        Span<ulong> prefixes = index.Prefixes;
        Span<int> offsets = index.Offsets;
        prefixes.Sort(offsets);
        for (int start = 0; start < prefixes.Length;)
        {
            int end = start + 1;
            while (end < prefixes.Length && prefixes[end] == prefixes[start]) end++;
            if (end - start > 1) offsets[start..end].Sort(Compare);
            start = end;
        }
    }

    private int Compare(int left, int right)
    {
        int order1 = order is null ? KeyAt(left).SequenceCompareTo(KeyAt(right)) : order.Compare(KeyAt(left), KeyAt(right));
        return order1 != 0 ? order1 : left.CompareTo(right);
    }

    private sealed class PartitionIndex
    {
        private ulong[] _prefixes = [];
        private int[] _offsets = [];

        public int Count { get; private set; }

        public Span<ulong> Prefixes => _prefixes.AsSpan(0, Count);

        public Span<int> Offsets => _offsets.AsSpan(0, Count);

        public void Add(ulong prefix, int offset)
        {
            if (Count == _offsets.Length)
            {
                int size = Math.Max(64, Count * 2);
                Array.Resize(ref _prefixes, size);
                Array.Resize(ref _offsets, size);
            }

            _prefixes[Count] = prefix;
            _offsets[Count++] = offset;
        }

        public void Clear() => Count = 0;
    }
}
