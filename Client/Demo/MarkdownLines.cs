namespace Quorleans.Client.Demo;

/// <summary>The text that the demonstration loads: the repository's own Markdown files, line by line.</summary>
internal static class MarkdownLines
{
    private const string RootMark = "Orleans.sln";
    private const int LinesMax = 20_000;
    private const int LineCharsMax = 4096;
    private static readonly EnumerationOptions Everywhere = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 8,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint | FileAttributes.System,
        IgnoreInaccessible = true,
    };

    /// <summary>The repository's root, sought upwards from the current directory and from the program's; null when in neither.</summary>
    public static string? FindRoot(params IEnumerable<string> starts)
    {
        foreach (string start in starts)
        {
            for (DirectoryInfo? directory = new(start); directory is not null; directory = directory.Parent)
            {
                if (File.Exists(Path.Combine(directory.FullName, RootMark))) return directory.FullName;
            }
        }

        return null;
    }

    /// <summary>The lines that are not empty.</summary>
    /// <param name="root">Where the files are, at any depth.</param>
    /// <returns>Keys such as <c>doc/README.md/0007</c>, and the lines.</returns>
    public static List<KeyValuePair<string, string>> Read(string root)
    {
        List<KeyValuePair<string, string>> lines = [];
        foreach (string file in Directory.EnumerateFiles(root, "*.md", Everywhere).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(root, file).Replace('\\', '/');
            if (name.Split('/').Any(part => part is "bin" or "obj")) continue;
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (line.Length is 0 or > LineCharsMax) continue;
                lines.Add(new KeyValuePair<string, string>($"doc/{name}/{number:d4}", line));
                if (lines.Count == LinesMax) return lines;
            }
        }

        return lines;
    }
}
