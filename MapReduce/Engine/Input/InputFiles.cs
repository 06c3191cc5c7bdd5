using System.IO.Enumeration;

namespace Quorleans.MapReduce.Engine;

/// <summary>Finds input files.</summary>
public static class InputFiles
{
    /// <summary>
    /// The files that patterns stand for, as full paths in byte order, each once. In a segment <c>*</c> and <c>?</c> match as usual, <c>**</c>
    /// stands for any number of folders. A folder stands for the files directly in it; hidden ones and those of other jobs' reports
    /// (<c>.x</c>, <c>_x</c>) do not count unless they are named.
    /// </summary>
    /// <exception cref="MapReduceException">A pattern matches nothing, or cannot be read.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> patterns)
    {
        SortedSet<string> files = new(StringComparer.Ordinal);
        foreach (string pattern in patterns)
        {
            int before = files.Count;
            List<string> found = [];
            try
            {
                Expand(pattern, found);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new MapReduceException(JobFailure.Input, $"the input {pattern} cannot be read: {e.Message}", e);
            }

            if (found.Count == 0 && before == files.Count) throw new MapReduceException(JobFailure.Input, $"the input {pattern} matches no file");
            files.UnionWith(found);
        }

        return [.. files];
    }

    private static void Expand(string pattern, List<string> found)
    {
        string full = Path.GetFullPath(pattern);
        if (File.Exists(full))
        {
            found.Add(full);
            return;
        }

        if (Directory.Exists(full))
        {
            found.AddRange(Directory.EnumerateFiles(full).Where(IsVisible));
            return;
        }

        string root = Path.GetPathRoot(full)!;
        Walk(root, full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries), found);
    }

    private static void Walk(string folder, ReadOnlySpan<string> segments, List<string> found)
    {
        string segment = segments[0];
        ReadOnlySpan<string> rest = segments[1..];
        if (segment == "**")
        {
            if (rest.IsEmpty) found.AddRange(Directory.EnumerateFiles(folder).Where(IsVisible));
            else Walk(folder, rest, found);
            foreach (string inner in Directory.EnumerateDirectories(folder).Where(IsVisible)) Walk(inner, segments, found);
            return;
        }

        if (!segment.AsSpan().ContainsAny('*', '?'))
        {
            string path = Path.Combine(folder, segment);
            if (rest.IsEmpty && File.Exists(path)) found.Add(path);
            else if (!rest.IsEmpty && Directory.Exists(path)) Walk(path, rest, found);
            return;
        }

        IEnumerable<string> entries = rest.IsEmpty ? Directory.EnumerateFiles(folder) : Directory.EnumerateDirectories(folder);
        foreach (string entry in entries)
        {
            string name = Path.GetFileName(entry);
            if ((name[0] is '.' or '_' && name[0] != segment[0]) || !FileSystemName.MatchesSimpleExpression(segment, name, ignoreCase: false)) continue;
            if (rest.IsEmpty) found.Add(entry);
            else Walk(entry, rest, found);
        }
    }

    private static bool IsVisible(string path) => Path.GetFileName(path)[0] is not ('.' or '_');
}
