using System.CommandLine;
using Quorleans.Hosting;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary><c>node list</c>.</summary>
internal sealed class NodeListCommand(ClientContext context)
    : NodeAdminCommand(context, "list", "List the nodes and whether they run.", "", "node list", "node list --json")
{
    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, INodeAdmin nodes, CancellationToken cancellationToken)
    {
        IReadOnlyList<NodeReport> reports = await nodes.ListAsync(cancellationToken);
        if (!Json(parsed)) WriteTable(reports);
        else foreach (NodeReport report in reports) WriteLine(report);
        return ExitCode.Ok;
    }

    private void WriteTable(IReadOnlyList<NodeReport> reports)
    {
        Table table = new Table { Border = Output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        table.AddColumns("Node", "State", "Gateway", "Detail");
        foreach (NodeReport report in reports)
        {
            string colour = report.State == "Running" ? "green" : "red";
            table.AddRow(Markup.Escape(report.Node), $"[{colour}]{Markup.Escape(report.State)}[/]", Markup.Escape(report.Gateway), Markup.Escape(report.Detail ?? ""));
        }

        Output.Ansi.Write(table);
    }
}
