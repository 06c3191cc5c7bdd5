using Spectre.Console;

namespace Quorleans.Benchmarks;

/// <summary>Shows figures beside their marks.</summary>
internal static class MarkTable
{
    /// <summary>The table of some marks.</summary>
    public static Table Of(IEnumerable<Mark> marks)
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
}
