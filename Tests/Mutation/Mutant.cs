namespace Quorleans.Mutation;

/// <summary>One exchange of text in one source file.</summary>
/// <param name="File">The file, from the repository's root.</param>
/// <param name="Old">The exact text, which must stand there once.</param>
/// <param name="New">What replaces it.</param>
internal sealed record Edit(string File, string Old, string New);

/// <summary>
/// A known bug, as a text file: head lines (<c>title:</c>, <c>breaks:</c>, <c>source:</c>, and if need be <c>hunt:</c>, <c>lab:</c>), then for each
/// edit a line <c>--- FILE</c>, the exact old text, a line <c>+++</c>, the new text. A last line <c>---</c> ends it.
/// </summary>
internal sealed record Mutant
{
    /// <summary>Its id, the file's name: <c>R1</c>.</summary>
    internal required string Id { get; init; }

    /// <summary>What the program does wrong.</summary>
    internal required string Title { get; init; }

    /// <summary>What it breaks.</summary>
    internal required string Breaks { get; init; }

    /// <summary>Where it was seen.</summary>
    internal required string Source { get; init; }

    /// <summary>Who is to find it, in this order: <c>simulation</c>, <c>sharded</c> (its sharded world), <c>crash-points</c>, <c>labs</c>, <c>tests:CLASS</c> of <c>Tests/Raft.Tests</c>.</summary>
    internal IReadOnlyList<string> Hunt { get; init; } = ["simulation"];

    /// <summary>The labs' scenarios that fail with it: beginnings of names; empty when none is claimed.</summary>
    internal IReadOnlyList<string> Labs { get; init; } = [];

    internal required IReadOnlyList<Edit> Edits { get; init; }

    internal static IReadOnlyList<Mutant> ReadAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.txt").Select(Read).OrderBy(static mutant => mutant.Id.Split('-')[0].TrimEnd("0123456789".ToCharArray()), StringComparer.Ordinal).ThenBy(static mutant => Number(mutant.Id)).ThenBy(static mutant => mutant.Id, StringComparer.Ordinal)];

    internal static Mutant Read(string path)
    {
        string id = Path.GetFileNameWithoutExtension(path);
        Dictionary<string, string> head = [];
        List<Edit> edits = [];
        string[] lines = File.ReadAllLines(path);
        int at = 0;
        for (; at < lines.Length && !lines[at].StartsWith("--- ", StringComparison.Ordinal); at++)
        {
            if (lines[at].Length == 0) continue;
            int colon = lines[at].IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) throw new MutationException($"{id}: '{lines[at]}' is no head line.");
            head[lines[at][..colon]] = lines[at][(colon + 1)..].Trim();
        }

        while (at < lines.Length && lines[at] != "---")
        {
            string file = lines[at++]["--- ".Length..].Trim();
            string old = Take(lines, ref at, static line => line == "+++");
            at++;
            edits.Add(new Edit(file, old, Take(lines, ref at, static line => line == "---" || line.StartsWith("--- ", StringComparison.Ordinal))));
        }

        if (edits.Count == 0) throw new MutationException($"{id} changes nothing.");
        return new Mutant
        {
            Id = id, Title = Required(head, id, "title"), Breaks = Required(head, id, "breaks"), Source = Required(head, id, "source"), Edits = edits,
            Hunt = head.TryGetValue("hunt", out string? hunt) ? Words(hunt) : ["simulation"], Labs = head.TryGetValue("lab", out string? lab) ? Words(lab) : [],
        };
    }

    /// <summary>The sources that it changes, with the changes made.</summary>
    /// <exception cref="MutationException">A text does not stand where it should, exactly once: the mutant must be brought up to date.</exception>
    internal Dictionary<string, string> Apply(string root)
    {
        Dictionary<string, string> sources = [];
        foreach (Edit edit in Edits)
        {
            string path = Path.Combine(root, edit.File);
            if (!sources.TryGetValue(edit.File, out string? source))
                source = File.Exists(path) ? File.ReadAllText(path) : throw new MutationException($"{Id} is out of date: there is no {edit.File}.");
            int first = source.IndexOf(edit.Old, StringComparison.Ordinal);
            if (first < 0) throw new MutationException($"{Id} is out of date: {edit.File} does not have the text\n{edit.Old}");
            if (source.IndexOf(edit.Old, first + 1, StringComparison.Ordinal) >= 0) throw new MutationException($"{Id} is not exact: {edit.File} has more than once the text\n{edit.Old}");
            sources[edit.File] = string.Concat(source.AsSpan(0, first), edit.New, source.AsSpan(first + edit.Old.Length));
        }

        return sources;
    }

    private static int Number(string id)
    {
        string digits = string.Concat(id.SkipWhile(static c => !char.IsAsciiDigit(c)).TakeWhile(char.IsAsciiDigit));
        return digits.Length == 0 ? int.MaxValue : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Take(string[] lines, ref int at, Func<string, bool> ends)
    {
        int from = at;
        while (at < lines.Length && !ends(lines[at])) at++;
        return string.Join('\n', lines[from..at]);
    }

    private static string Required(Dictionary<string, string> head, string id, string name) =>
        head.TryGetValue(name, out string? value) ? value : throw new MutationException($"{id} has no line '{name}:'.");

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
