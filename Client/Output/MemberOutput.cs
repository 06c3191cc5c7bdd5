using System.Globalization;
using Quorleans.GrainInterfaces;
using Spectre.Console;

namespace Quorleans.Client;

/// <summary>How a group's members are shown.</summary>
internal static class MemberOutput
{
    /// <summary>One JSON object for each member.</summary>
    public static void WriteMemberLines(this ClientOutput output, ReplicaStatus leader)
    {
        foreach (MemberStatus member in leader.Members)
        {
            output.WriteJson(line =>
            {
                line.WriteString("group", leader.Group);
                line.WriteNumber("memberId", member.Id);
                line.WriteString("node", member.Node);
                line.WriteString("nodeId", member.NodeId);
                line.WriteString("kind", member.Kind);
                line.WriteBoolean("leader", member.Id == leader.MemberId);
                line.WriteBoolean("active", member.IsActive);
                line.WriteBoolean("caughtUp", member.IsCaughtUp);
                line.WriteNumber("matchIndex", member.MatchIndex);
                line.WriteNumber("lastIndex", leader.LastIndex);
                if (member.SnapshotBytes >= 0) line.WriteNumber("snapshotBytes", member.SnapshotBytes);
                line.WriteNumber("configurationIndex", leader.ConfigurationIndex);
                line.WriteBoolean("changing", leader.IsChanging);
            });
        }
    }

    /// <summary>A table with one row for each member, and what is going on.</summary>
    public static void WriteMemberTable(this ClientOutput output, ReplicaStatus leader)
    {
        Table table = new Table { Border = output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        table.AddColumn(new TableColumn("Member").RightAligned());
        foreach (string name in (string[])["Node", "Part", "Heard from"]) table.AddColumn(name);
        foreach (string name in (string[])["Has", "Lacks"]) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (MemberStatus member in leader.Members) table.AddRow(Row(leader, member));
        output.Ansi.Write(table);
        if (leader.IsChanging) output.Ansi.MarkupLine("[yellow]A change is not over yet.[/]");
        output.Ansi.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[dim]Configuration of entry {leader.ConfigurationIndex}, as {leader.Node} sees it in term {leader.Term}.[/]");
    }

    private static string[] Row(ReplicaStatus leader, MemberStatus member)
    {
        string part = member.Id == leader.MemberId ? "[bold]Leader[/]" : member.Kind == "Voter" ? "Voter" : $"[yellow]{Markup.Escape(member.Kind)}[/]";
        string has = member.SnapshotBytes >= 0
            ? string.Create(CultureInfo.InvariantCulture, $"{member.SnapshotBytes >> 10} KiB of a snapshot")
            : member.MatchIndex.ToString(CultureInfo.InvariantCulture);
        return
        [
            member.Id.ToString(CultureInfo.InvariantCulture), Markup.Escape(member.Node), part, member.IsActive ? "[green]yes[/]" : "[red]no[/]", has,
            Math.Max(0, leader.LastIndex - member.MatchIndex).ToString(CultureInfo.InvariantCulture),
        ];
    }
}
