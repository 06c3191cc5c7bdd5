using System.CommandLine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary><c>mr list</c>: the jobs.</summary>
internal sealed class MapReduceListCommand : ClusterCommand
{
    private readonly Option<int> _limit = new("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public MapReduceListCommand(ClientContext context)
        : base(context, "list", "Show the newest MapReduce jobs, those that run and those that ended.", "With --json one object a job.", "mr list", "mr list --limit 100 --json")
    {
        Add(_limit);
        _limit.InRange(1, 1000);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MapReduceCommand.ExplainAsync(async () =>
    {
        IReadOnlyList<JobView> jobs = await cluster.Jobs.ListAsync(parsed.GetRequiredValue(_limit), cancellationToken);
        if (!Json(parsed)) JobTable.Write(Output, jobs);
        else foreach (JobView job in jobs) JobTable.WriteJson(Output, job);
        return ExitCode.Ok;
    });
}
