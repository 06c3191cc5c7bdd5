namespace Quorleans.Benchmarks.MapReduce;

/// <summary>Whether two programs made the same: only then are their times beside each other.</summary>
internal static class Results
{
    private const int BufferBytes = 1 << 20;

    /// <summary>A job's output files, in order.</summary>
    public static string[] FilesOf(string output) =>
        [.. Directory.EnumerateFiles(output, "mr-out-*").OrderBy(static path => int.Parse(path[(path.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>Whether they have the same lines, in whatever order.</summary>
    public static bool SameLines(string[] ours, string theirs)
    {
        string[] left = [.. ours.SelectMany(File.ReadLines)];
        string[] right = File.ReadAllLines(theirs);
        Array.Sort(left, StringComparer.Ordinal);
        Array.Sort(right, StringComparer.Ordinal);
        return left.AsSpan().SequenceEqual(right);
    }

    /// <summary>Whether they have the same bytes, our files one after the other.</summary>
    public static bool SameBytes(string[] ours, string theirs)
    {
        using FileStream right = File.OpenRead(theirs);
        byte[] a = new byte[BufferBytes];
        byte[] b = new byte[BufferBytes];
        foreach (string path in ours)
        {
            using FileStream left = File.OpenRead(path);
            for (int read; (read = left.ReadAtLeast(a, a.Length, throwOnEndOfStream: false)) > 0;)
            {
                if (right.ReadAtLeast(b.AsSpan(0, read), read, throwOnEndOfStream: false) != read || !a.AsSpan(0, read).SequenceEqual(b.AsSpan(0, read))) return false;
            }
        }

        return right.Position == right.Length;
    }
}
