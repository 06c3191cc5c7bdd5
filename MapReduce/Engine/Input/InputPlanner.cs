namespace Quorleans.MapReduce.Engine;

/// <summary>Cuts input files into splits.</summary>
public static class InputPlanner
{
    private const long SmallestSplit = 4 << 20;
    private const long LargestSplit = 64 << 20;

    /// <summary>
    /// The splits, in the order of the files. Large files are cut, small ones packed together, so that neither 10,000 small files nor one large
    /// one decide how much runs in parallel.
    /// </summary>
    /// <param name="files">Full paths.</param>
    /// <param name="format">How records lie in them.</param>
    /// <param name="slots">How many tasks run at a time.</param>
    /// <param name="splitBytes">The size of a split; 0: chosen by the input's size.</param>
    /// <exception cref="MapReduceException">A file is not there any more.</exception>
    public static IReadOnlyList<InputSplit> Plan(IReadOnlyList<string> files, IRecordFormat format, int slots, long splitBytes = 0)
    {
        long[] lengths = [.. files.Select(LengthOf)];
        if (splitBytes <= 0) splitBytes = Math.Clamp(lengths.Sum() / (slots * 4L), SmallestSplit, LargestSplit);
        List<InputSplit> splits = [];
        List<FileRange> pack = [];
        long packed = 0;
        for (int i = 0; i < files.Count; i++)
        {
            for (long start = 0; start < lengths[i];)
            {
                long end = EndOf(start, lengths[i], format.Alignment, splitBytes);
                if (packed + (end - start) > splitBytes) Close();
                pack.Add(new FileRange(files[i], start, end));
                packed += end - start;
                start = end;
            }
        }

        Close();
        return splits;

        void Close()
        {
            if (pack.Count > 0) splits.Add(new InputSplit([.. pack]));
            pack.Clear();
            packed = 0;
        }
    }

    private static long EndOf(long start, long length, long alignment, long splitBytes)
    {
        if (alignment == 0) return length;
        long end = start + Math.Max(alignment, splitBytes / alignment * alignment);

        // A small rest is not worth a task of its own.
        return end + (splitBytes / 10) >= length ? length : end;
    }

    private static long LengthOf(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MapReduceException(JobFailure.Input, $"the input {path} cannot be read: {e.Message}", e);
        }
    }
}
