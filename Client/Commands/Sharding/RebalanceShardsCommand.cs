using System.CommandLine;
using System.Globalization;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary><c>rebalance [--dry-run]</c>: spreads the shards anew, or says what that would move.</summary>
internal sealed class RebalanceShardsCommand : ClusterCommand
{
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would move." };

    public RebalanceShardsCommand(ClientContext context)
        : base(context, "rebalance", "Spread the shards evenly over the groups, with as few moves as possible.",
            "Also undoes what was moved by hand. With --json one object for each shard that moves.", "rebalance --dry-run", "rebalance") => Add(_dryRun);

    /// <inheritdoc/>
    protected override bool Writes => true;

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => ShardingCommand.ExplainAsync(async () =>
    {
        PlanAnswer plan = await cluster.Shards.PlanAsync(new RebalanceCommand(), cancellationToken);
        foreach (PlannedChange change in plan.Changes) Write(change, Json(parsed));
        if (!parsed.GetValue(_dryRun)) await cluster.Shards.RebalanceAsync(cancellationToken);
        if (!Json(parsed)) Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.Changes.Length} shards {(parsed.GetValue(_dryRun) ? "would move" : "move")}"));
        return ExitCode.Ok;
    });

    private void Write(PlannedChange change, bool json)
    {
        if (!json)
        {
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"shard {change.Shard}: g{change.From} -> g{change.To}"));
            return;
        }

        Output.WriteJson(line =>
        {
            line.WriteNumber("shard", change.Shard.Value);
            line.WriteNumber("from", change.From);
            line.WriteNumber("to", change.To);
        });
    }
}
