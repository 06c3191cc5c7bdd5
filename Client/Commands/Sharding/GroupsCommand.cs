using System.CommandLine;
using System.Globalization;
using Quorleans.KeyValue;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary><c>groups</c>: the replica groups.</summary>
internal sealed class GroupsCommand(ClientContext context) : ClusterCommand(
    context, "groups", "Show the replica groups: where they are in their life, on which nodes, and how many shards they own.",
    "A group that is Leaving still hands its shards over; one that is Gone is being removed from its nodes. With --json one object a group.", "groups", "groups --json")
{
    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => ShardingCommand.ExplainAsync(async () =>
    {
        ShardMap map = await cluster.Shards.GetMapAsync(cancellationToken);
        GroupPlace[] groups = [.. map.Groups, .. map.Gone];
        if (Json(parsed)) WriteLines(map, groups);
        else WriteTable(map, groups);
        return ExitCode.Ok;
    });

    private void WriteTable(ShardMap map, GroupPlace[] groups)
    {
        Table table = new Table { Border = Output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        foreach (string name in (string[])["Group", "State", "Nodes"]) table.AddColumn(name);
        foreach (string name in (string[])["Shards", "Coming", "Going"]) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (GroupPlace group in groups)
        {
            table.AddRow(
                GroupNames.Of(group.Gid), group.Phase.ToString(), Markup.Escape(string.Join(", ", group.Nodes.Select(static node => node.Name))),
                Count(map, group, static (shard, gid) => shard.Owner == gid), Count(map, group, static (shard, gid) => shard.IsMoving && shard.MoveTo == gid),
                Count(map, group, static (shard, gid) => shard.IsMoving && shard.Owner == gid));
        }

        Output.Ansi.Write(table);
    }

    private static string Count(ShardMap map, GroupPlace group, Func<ShardPlace, int, bool> counts) =>
        map.Shards.Count(shard => group.Phase != GroupPhase.Gone && counts(shard, group.Gid)).ToString(CultureInfo.InvariantCulture);

    private void WriteLines(ShardMap map, GroupPlace[] groups)
    {
        foreach (GroupPlace group in groups)
        {
            Output.WriteJson(line =>
            {
                line.WriteString("group", GroupNames.Of(group.Gid));
                line.WriteNumber("incarnation", group.Incarnation);
                line.WriteString("state", group.Phase.ToString());
                line.WriteStartArray("nodes");
                foreach (ControllerNode node in group.Nodes) line.WriteStringValue(node.Name);
                line.WriteEndArray();
                line.WriteNumber("shards", map.Shards.Count(shard => group.Phase != GroupPhase.Gone && shard.Owner == group.Gid));
            });
        }
    }
}
