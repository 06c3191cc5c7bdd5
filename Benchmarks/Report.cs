using System.Globalization;
using Spectre.Console;

namespace Quorleans.Benchmarks;

/// <summary>How a measurement begins and ends on the console.</summary>
internal static class Report
{
    private const int RedirectedWidth = 200;

    /// <summary>Says what it runs on.</summary>
    /// <param name="who">Who shares the processors, a clause.</param>
    public static void Begin(string who)
    {
        if (Console.IsOutputRedirected) AnsiConsole.Console.Profile.Width = RedirectedWidth;
        AnsiConsole.Console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]{Environment.ProcessorCount} processors, load average {LoadAverage()}; {who}.[/]");
    }

    /// <summary>Shows the figures beside their marks.</summary>
    /// <param name="marks">The figures.</param>
    /// <param name="isQuick">Whether the run was too short to prove anything.</param>
    /// <returns>The exit status: 1 when a mark is missed.</returns>
    public static int End(IReadOnlyList<Mark> marks, bool isQuick = false)
    {
        IAnsiConsole console = AnsiConsole.Console;
        console.WriteLine();
        console.Write(ToTable(marks));
        int missed = marks.Count(static mark => mark.Met == false);
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]Load average at the end: {LoadAverage()}.[/]");
        if (isQuick) console.MarkupLine("[grey]A quick run: its figures prove nothing.[/]");
        console.MarkupLine(missed == 0 ? "[green]Every mark is met.[/]" : string.Create(CultureInfo.InvariantCulture, $"[red]{missed} of {marks.Count(static mark => mark.Met is not null)} marks are missed.[/]"));
        return missed == 0 ? 0 : 1;
    }

    private static Table ToTable(IEnumerable<Mark> marks)
    {
        Table table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Ascii2 : TableBorder.Rounded }.BorderColor(Color.Grey);
        table.AddColumn("What");
        table.AddColumn(new TableColumn("Measured").RightAligned());
        table.AddColumn(new TableColumn("Mark").RightAligned());
        table.AddColumn("");
        foreach (Mark mark in marks)
        {
            string verdict = mark.Met switch { true => "[green]met[/]", false => "[red]missed[/]", null => "" };
            table.AddRow(Markup.Escape(mark.What), Markup.Escape(mark.Measured), Markup.Escape(mark.Wanted), verdict);
        }

        return table;
    }

    private static string LoadAverage() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";
}
