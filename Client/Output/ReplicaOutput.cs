using System.Globalization;
using Quorleans.GrainInterfaces;
using Spectre.Console;

namespace Quorleans.Client;

/// <summary>How replicas are shown.</summary>
internal static class ReplicaOutput
{
    /// <summary>One JSON object for each replica.</summary>
    public static void WriteReplicaLines(this ClientOutput output, IReadOnlyList<ReplicaReport> replicas)
    {
        foreach (ReplicaReport replica in replicas)
        {
            output.WriteJson(line =>
            {
                ReplicaStatus? status = replica.Status;
                line.WriteString("group", replica.Group);
                line.WriteString("node", replica.Node);
                line.WriteString("state", status?.State ?? "Unreachable");
                line.WriteString("detail", status is null ? replica.Problem : status.Detail);
                if (status is null) return;
                line.WriteString("role", status.Role);
                line.WriteString("leader", status.Leader);
                line.WriteNumber("term", status.Term);
                line.WriteNumber("commitIndex", status.CommitIndex);
                line.WriteNumber("appliedIndex", status.AppliedIndex);
                line.WriteNumber("durableIndex", status.DurableIndex);
                line.WriteNumber("firstIndex", status.FirstIndex);
                line.WriteNumber("lastIndex", status.LastIndex);
                line.WriteNumber("snapshotIndex", status.SnapshotIndex);
                line.WriteNumber("logBytes", status.LogBytes);
                line.WriteNumber("keys", status.Keys);
                line.WriteNumber("incarnation", status.Incarnation);
                line.WriteNumber("memberId", status.MemberId);
                line.WriteStartArray("voters");
                foreach (string voter in status.Voters) line.WriteStringValue(voter);
                line.WriteEndArray();
            });
        }
    }

    /// <summary>A table with one row for each replica, leaders marked.</summary>
    public static void WriteReplicaTable(this ClientOutput output, IReadOnlyList<ReplicaReport> replicas)
    {
        Table table = new Table { Border = output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        foreach (string name in (string[])["Group", "Node", "State", "Role"]) table.AddColumn(name);
        foreach (string name in (string[])["Term", "Commit", "Applied", "Snapshot", "Log", "Keys"])
            table.AddColumn(new TableColumn(name).RightAligned());

        string? group = null;
        foreach (ReplicaReport replica in replicas)
        {
            string name = replica.Group == group ? "" : replica.Group;
            if (group is not null && name.Length > 0) table.AddEmptyRow();
            group = replica.Group;
            table.AddRow(Row(name, replica));
        }

        output.Ansi.Write(table);
        foreach (ReplicaReport replica in replicas)
        {
            if ((replica.Status is null ? replica.Problem : replica.Status.Detail) is { } detail)
                output.Ansi.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{replica.Group}/{replica.Node}[/]: {detail}");
        }
    }

    private static string[] Row(string group, ReplicaReport replica)
    {
        if (replica.Status is not { } status)
            return [Markup.Escape(group), Markup.Escape(replica.Node), "[red]Unreachable[/]", "", "", "", "", "", "", ""];
        string state = status.State == "Running" ? "[green]Running[/]" : $"[red]{Markup.Escape(status.State)}[/]";
        string role = status.Role == "Leader" ? "[bold]Leader[/]" : Markup.Escape(status.Role);
        return
        [
            Markup.Escape(group), Markup.Escape(replica.Node), state, role, Number(status.Term), Number(status.CommitIndex),
            Number(status.AppliedIndex), Number(status.SnapshotIndex), Bytes(status.LogBytes), Number(status.Keys),
        ];
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) => bytes switch
    {
        < 10 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 10 * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024 * 1024)} MiB"),
    };
}
