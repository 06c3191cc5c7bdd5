using System.Globalization;
using System.Text;

namespace Quorleans.Mutation;

/// <summary>The tables in the gate's README, each between two marks.</summary>
internal static class ResultTable
{
    /// <summary>The table of the gate, and that of <c>--labs</c>.</summary>
    internal const string Gate = "table", Labs = "labs";

    /// <summary>Writes the rows of what was run; the rows of other mutants stay as they are, those of mutants that are gone go.</summary>
    internal static void Write(string path, string name, IReadOnlyList<Mutant> all, IEnumerable<(Mutant Mutant, Catch Catch, string Hunter)> results)
    {
        (string before, string table, string after) = Split(path, name);
        Dictionary<string, string> rows = Rows(table).ToDictionary(static row => row.Split('|')[1].Trim());
        foreach ((Mutant mutant, Catch found, string hunter) in results)
            rows[mutant.Id] = string.Create(CultureInfo.InvariantCulture, $"| {mutant.Id} | {mutant.Title} | {Path.GetFileName(mutant.Edits[0].File)} | {hunter} | {(found.Found ? found.Needed.ToString(CultureInfo.InvariantCulture) : "**survives**")} | {Short(found.By)} |");
        StringBuilder text = new();
        text.Append("| mutant | what is wrong | where | found by | needed | what showed it |\n|---|---|---|---|---:|---|\n");
        foreach (Mutant mutant in all)
            if (rows.TryGetValue(mutant.Id, out string? row)) text.Append(row).Append('\n');
        File.WriteAllText(path, $"{before}{text}{after}");
    }

    /// <summary>What in the README's table is not so any more.</summary>
    internal static IEnumerable<string> Compare(string path, IReadOnlyList<Mutant> mutants)
    {
        string[] rows = Rows(Split(path, Gate).Table);
        Dictionary<string, string> titles = rows.ToDictionary(static row => row.Split('|')[1].Trim(), static row => row.Split('|')[2].Trim());
        foreach (Mutant mutant in mutants)
        {
            if (!titles.Remove(mutant.Id, out string? title)) yield return $"{mutant.Id} is not in the table";
            else if (title != mutant.Title) yield return $"{mutant.Id} is called '{title}' in the table, '{mutant.Title}' in its file";
        }

        foreach (string id in titles.Keys) yield return $"{id} is in the table, but there is no such mutant";
        foreach (string row in rows)
            if (row.Contains("survives", StringComparison.Ordinal)) yield return $"{row.Split('|')[1].Trim()} survives, says the table";
    }

    private static (string Before, string Table, string After) Split(string path, string name)
    {
        (string first, string last) = ($"<!-- {name} -->\n", $"<!-- /{name} -->");
        string text = File.ReadAllText(path);
        int begin = text.IndexOf(first, StringComparison.Ordinal) + first.Length, end = text.IndexOf(last, StringComparison.Ordinal);
        if (begin < first.Length || end < begin) throw new MutationException($"{path} has no place for the table '{name}'.");
        return (text[..begin], text[begin..end], text[end..]);
    }

    private static string[] Rows(string table) => [.. table.Split('\n').Where(static line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)];

    private static string Short(string text)
    {
        text = text.Replace('|', '/').Replace("\r", "", StringComparison.Ordinal);
        return text.Length > 140 ? text[..140] + "…" : text;
    }
}
