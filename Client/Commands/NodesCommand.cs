using System.CommandLine;
using Quorleans.Hosting;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary><c>nodes</c>: the nodes, and what each hosts.</summary>
internal sealed class NodesCommand(ClientContext context) : ClusterCommand(context, "nodes",
    "Show the nodes, whether they run, and which groups each has a replica of and leads.",
    "A node that hosts nothing is spare: it can be given replicas, or be stopped for good.", "nodes", "nodes --json")
{
    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        INodeAdmin admin = await NodeAdminCommand.ReachAsync(Context, parsed, cancellationToken);
        using IDisposable? owned = admin as IDisposable;
        IReadOnlyList<NodeReport> nodes = await admin.ListAsync(cancellationToken);
        IReadOnlyList<ReplicaReport> replicas = await cluster.GetReplicasAsync(cancellationToken);
        if (Json(parsed)) foreach (NodeReport node in nodes) WriteLine(node, replicas);
        else WriteTable(nodes, replicas);
        return ExitCode.Ok;
    }

    /// <summary>The groups that a node has a replica of, as far as it or the others say.</summary>
    private static IEnumerable<string> Hosts(IReadOnlyList<ReplicaReport> replicas, string node) =>
        replicas.Where(replica => replica.Node == node && replica.Status is not { State: "NotMember" }).Select(static replica => replica.Group);

    private static IEnumerable<string> Leads(IReadOnlyList<ReplicaReport> replicas, string node) =>
        replicas.Where(replica => replica.Node == node && replica.Status is { Role: "Leader", State: "Running" or "DiskFull" }).Select(static replica => replica.Group);

    private void WriteLine(NodeReport node, IReadOnlyList<ReplicaReport> replicas) => Output.WriteJson(line =>
    {
        line.WriteString("node", node.Node);
        line.WriteString("state", node.State);
        line.WriteStartArray("hosts");
        foreach (string group in Hosts(replicas, node.Node)) line.WriteStringValue(group);
        line.WriteEndArray();
        line.WriteStartArray("leads");
        foreach (string group in Leads(replicas, node.Node)) line.WriteStringValue(group);
        line.WriteEndArray();
        line.WriteString("detail", node.Detail);
    });

    private void WriteTable(IReadOnlyList<NodeReport> nodes, IReadOnlyList<ReplicaReport> replicas)
    {
        Table table = new Table { Border = Output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        table.AddColumns("Node", "State", "Hosts", "Leads");
        foreach (NodeReport node in nodes)
        {
            string colour = node.State == "Running" ? "green" : "red";
            table.AddRow(
                Markup.Escape(node.Node), $"[{colour}]{Markup.Escape(node.State)}[/]",
                Markup.Escape(string.Join(" ", Hosts(replicas, node.Node))), Markup.Escape(string.Join(" ", Leads(replicas, node.Node))));
        }

        Output.Ansi.Write(table);
    }
}
