using System.CommandLine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary><c>mr status JOB</c>: one job.</summary>
internal sealed class MapReduceStatusCommand : ClusterCommand
{
    private readonly Argument<string> _job = new("JOB") { Description = "The job's id; see mr list." };
    private readonly Option<bool> _watch = new("--watch") { Description = "Show it until it has ended; Ctrl-C ends the watching, not the job. Exit status as of mr run." };

    public MapReduceStatusCommand(ClientContext context)
        : base(context, "status", "Show a MapReduce job.", "Exit status 3 when there is no such job.", "mr status 20261125-221530-7f3a9c01", "mr status 20261125-221530-7f3a9c01 --watch")
    {
        Add(_job);
        Add(_watch);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MapReduceCommand.ExplainAsync(async () =>
    {
        string id = parsed.GetRequiredValue(_job);
        JobView job = await cluster.Jobs.FindAsync(id, cancellationToken) ?? throw Missing(id);
        if (parsed.GetValue(_watch)) return await new ClusterJob(Context, cluster.Jobs).FollowAsync(job, cancels: false, Json(parsed), cancellationToken);
        if (Json(parsed)) JobTable.WriteJson(Output, job);
        else JobTable.WriteDetails(Output, job);
        return ExitCode.Ok;
    });

    /// <summary>There is no such job.</summary>
    internal static ClientException Missing(string job) => new($"there is no job {job}; see: mr list") { ExitCode = ExitCode.NotMet };
}
