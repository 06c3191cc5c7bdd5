using System.Globalization;
using System.Text;

namespace Quorleans.Mutation;

/// <summary>The table in the gate's README, between two marks.</summary>
internal static class ResultTable
{
    private const string Begin = "<!-- table -->", End = "<!-- /table -->";

    internal static string Render(IEnumerable<(Mutant Mutant, Catch Catch, string Hunter)> results)
    {
        StringBuilder text = new();
        text.AppendLine("| mutant | what is wrong | where | found by | seeds or points | what showed it |");
        text.AppendLine("|---|---|---|---|---:|---|");
        foreach ((Mutant mutant, Catch found, string hunter) in results)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {mutant.Id} | {mutant.Title} | {Path.GetFileName(mutant.Edits[0].File)} | {hunter} | {(found.Found ? found.Needed.ToString(CultureInfo.InvariantCulture) : "**survives**")} | {Short(found.By)} |");
        return text.ToString();
    }

    internal static void Write(string path, string table)
    {
        (string before, _, string after) = Split(path);
        File.WriteAllText(path, $"{before}{Begin}\n{table}{End}{after}");
    }

    /// <summary>What in the README's table is not so any more.</summary>
    internal static IEnumerable<string> Compare(string path, IReadOnlyList<Mutant> mutants)
    {
        string[] rows = [.. Split(path).Table.Split('\n').Where(static line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)];
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

    private static (string Before, string Table, string After) Split(string path)
    {
        string text = File.ReadAllText(path);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal), end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin) throw new MutationException($"{path} has no place for the table.");
        return (text[..begin], text[(begin + Begin.Length)..end], text[(end + End.Length)..]);
    }

    private static string Short(string text)
    {
        text = text.Replace('|', '/').Replace("\r", "", StringComparison.Ordinal);
        return text.Length > 140 ? text[..140] + "…" : text;
    }
}
