using System.CommandLine;
using System.Globalization;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Spectre.Console;

namespace Quorleans.Client.Commands;

/// <summary><c>shards [--verify]</c>: who owns which shard, and how much is in it.</summary>
internal sealed class ShardsCommand : ClusterCommand
{
    private readonly Option<bool> _verify = new("--verify")
    {
        Description = "Compare the digests of all replicas, and look for data where none belongs. Exit status 1 when something is wrong.",
    };

    public ShardsCommand(ClientContext context)
        : base(context, "shards", "Show the shards: owner, epoch, state, keys and bytes.",
            "The epoch counts a shard's owners. A key's shard is its hash; of a key with a {tag} in it only the tag is hashed, so that keys with the same tag stay together. With --json one object a shard.", "shards", "shards --verify") => Add(_verify);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => ShardingCommand.ExplainAsync(async () =>
    {
        ShardMap map = await cluster.Shards.GetMapAsync(cancellationToken);
        if (parsed.GetValue(_verify)) return await VerifyAsync(cluster, map, Json(parsed), cancellationToken);
        Dictionary<int, IReadOnlyList<ShardReport>> owners = [];
        foreach (GroupPlace group in map.Groups)
            if (await FindAsync(cluster, group, cancellationToken) is { } reports) owners[group.Gid] = reports;
        Row[] rows = [.. map.Shards.Select((place, number) => new Row(number, place, owners.GetValueOrDefault(place.Owner)?.ElementAtOrDefault(number)))];
        if (Json(parsed)) WriteLines(rows);
        else WriteTable(rows);
        return ExitCode.Ok;
    });

    private static async Task<IReadOnlyList<ShardReport>?> FindAsync(ICluster cluster, GroupPlace group, CancellationToken cancellationToken)
    {
        foreach (ControllerNode node in group.Nodes)
        {
            IReadOnlyList<ShardReport>? reports = await cluster.GetShardsAsync(GroupNames.Of(group.Gid), node.Name, cancellationToken);
            if (reports is { Count: > 0 }) return reports;
        }

        return null;
    }

    private async Task<int> VerifyAsync(ICluster cluster, ShardMap map, bool json, CancellationToken cancellationToken)
    {
        ShardVerification verification = await ShardVerification.RunAsync(cluster, map, Context.Time, cancellationToken);
        foreach (string problem in verification.Problems) Output.WriteError(problem);
        if (json)
        {
            Output.WriteJson(line =>
            {
                line.WriteNumber("replicas", verification.Replicas);
                line.WriteNumber("shards", map.Shards.Length);
                line.WriteNumber("problems", verification.Problems.Count);
            });
        }
        else if (verification.Problems.Count == 0)
        {
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok: {map.Shards.Length} shards on {verification.Replicas} replicas agree, and nothing is left over"));
        }

        return verification.Problems.Count == 0 ? ExitCode.Ok : ExitCode.Error;
    }

    private void WriteTable(Row[] rows)
    {
        Table table = new Table { Border = Output.IsTerminal ? TableBorder.Rounded : TableBorder.Ascii2 }.BorderColor(Color.Grey);
        table.AddColumn(new TableColumn("Shard").RightAligned());
        table.AddColumn("Owner");
        table.AddColumn(new TableColumn("Epoch").RightAligned());
        table.AddColumn("State");
        foreach (string name in (string[])["Keys", "Bytes"]) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (Row row in rows)
        {
            table.AddRow(
                Text(row.Shard), row.Owner, Text(row.Place.Epoch), Markup.Escape(row.State),
                row.Report is null ? "?" : Text(row.Report.Keys), row.Report is null ? "?" : Text(row.Report.Bytes));
        }

        Output.Ansi.Write(table);
    }

    private void WriteLines(Row[] rows)
    {
        foreach (Row row in rows)
        {
            Output.WriteJson(line =>
            {
                line.WriteNumber("shard", row.Shard);
                line.WriteString("owner", row.Owner);
                line.WriteNumber("epoch", row.Place.Epoch);
                line.WriteString("state", row.State);
                if (row.Report is null) return;
                line.WriteNumber("keys", row.Report.Keys);
                line.WriteNumber("bytes", row.Report.Bytes);
            });
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Row(int Shard, ShardPlace Place, ShardReport? Report)
    {
        public string Owner => Place.Owner == 0 ? "nobody" : GroupNames.Of(Place.Owner);

        public string State => Place.IsMoving
            ? string.Create(CultureInfo.InvariantCulture, $"{Report?.Phase ?? "Moving"} to g{Place.MoveTo}")
            : Report?.Phase ?? "Unreachable";
    }
}
