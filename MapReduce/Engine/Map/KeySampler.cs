namespace Quorleans.MapReduce.Engine;

/// <summary>Looks at a few places of the input, to find ranges of keys that are about equally long.</summary>
public static class KeySampler
{
    private const int Places = 64;
    private const int BytesPerPlace = 32 * 1024;
    private const int MostKeys = 100_000;

    /// <summary>Finds the first key of each partition but the first, for a <see cref="RangePartitioner"/>. The same input gives the same ones.</summary>
    /// <exception cref="MapReduceException">The input cannot be read, or the mapper fails.</exception>
    public static IReadOnlyList<byte[]> FindBounds(
        JobDefinition definition, JobArguments arguments, IReadOnlyList<InputSplit> splits, int partitions, int maxRecordBytes, CancellationToken cancellation)
    {
        if (definition.Mapper is null) throw new MapReduceException(JobFailure.UserCode, $"the job {definition.Name} aggregates, which goes with no total order");
        Sampling sampling = new(arguments, cancellation);
        IUtf8Mapper mapper = definition.Mapper();
        using RecordReader reader = new(definition.Input, maxRecordBytes, cancellation);
        List<FileRange> ranges = WholeRanges(splits);
        long step = Math.Max(1, ranges.Sum(static range => range.Bytes) / Places);
        long next = 0;
        foreach (FileRange range in ranges)
        {
            for (; next < range.Bytes && sampling.Keys.Count < MostKeys; next += step) Sample(range, next);
            next -= range.Bytes;
        }

        return Bounds(sampling.Keys, partitions, definition.KeyOrder);

        void Sample(FileRange range, long offset)
        {
            long alignment = Math.Max(1, definition.Input.Alignment);
            long start = definition.Input.Alignment == 0 ? range.Start : range.Start + (offset / alignment * alignment);
            long end = definition.Input.Alignment == 0 ? range.End : Math.Min(range.End, start + Math.Max(alignment, BytesPerPlace / alignment * alignment));
            reader.Open(new FileRange(range.Path, start, end));
            sampling.InputPath = range.Path;
            while (sampling.Keys.Count < MostKeys && reader.TryRead(out ReadOnlySpan<byte> record))
            {
                sampling.Position = reader.Position;
                try
                {
                    mapper.Map(record, sampling);
                }
                catch (Exception e) when (e is not MapReduceException and not OperationCanceledException)
                {
                    // The map task that owns the record will report it, or skip it.
                }
            }
        }
    }

    // The same places, however the files are cut: the outputs shall not depend on it.
    private static List<FileRange> WholeRanges(IReadOnlyList<InputSplit> splits)
    {
        List<FileRange> ranges = [];
        foreach (FileRange range in splits.SelectMany(static split => split.Ranges))
        {
            if (ranges is [.., { } last] && last.Path == range.Path && last.End == range.Start) ranges[^1] = last with { End = range.End };
            else ranges.Add(range);
        }

        return ranges;
    }

    private static List<byte[]> Bounds(List<byte[]> keys, int partitions, IKeyComparer? order)
    {
        keys.Sort((a, b) => order is null ? a.AsSpan().SequenceCompareTo(b) : order.Compare(a, b));
        List<byte[]> bounds = [];
        for (int i = 1; i < partitions && keys.Count > 0; i++)
        {
            byte[] bound = keys[(int)((long)i * keys.Count / partitions)];
            if (bounds.Count == 0 || !bounds[^1].AsSpan().SequenceEqual(bound)) bounds.Add(bound);
        }

        return bounds;
    }

    private sealed class Sampling(JobArguments arguments, CancellationToken cancellation) : IUtf8MapContext
    {
        public List<byte[]> Keys { get; } = [];

        public string InputPath { get; set; } = "";

        public long Position { get; set; }

        public JobArguments Arguments => arguments;

        public CancellationToken Cancellation => cancellation;

        public void Emit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Keys.Add(key.ToArray());

        public void Count(string counter, long by = 1)
        {
        }

        public void Status(string text)
        {
        }
    }
}
