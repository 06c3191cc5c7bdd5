using System.CommandLine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary><c>mr cancel JOB</c>: ends a job.</summary>
internal sealed class MapReduceCancelCommand : ClusterCommand
{
    private readonly Argument<string> _job = new("JOB") { Description = "The job's id; see mr list." };

    public MapReduceCancelCommand(ClientContext context)
        : base(context, "cancel", "Cancel a MapReduce job.",
            "When the command ends well, nothing of the job was published, and nothing will be. A job that had ended before is an error.",
            "mr cancel 20261125-221530-7f3a9c01") => Add(_job);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MapReduceCommand.ExplainAsync(async () =>
    {
        string id = parsed.GetRequiredValue(_job);
        if (await cluster.Jobs.FindAsync(id, cancellationToken) is null) throw MapReduceStatusCommand.Missing(id);
        JobView job = await cluster.Jobs.CancelAsync(id, cancellationToken);
        if (job.Phase is JobPhase.Done or JobPhase.Failed)
            throw new ClientException($"the job {id} had {(job.Phase == JobPhase.Done ? $"published its output {job.Spec.Output}" : "failed")} already");
        if (Json(parsed)) JobTable.WriteJson(Output, job);
        else Output.Out.WriteLine($"cancelled {id}");
        return ExitCode.Ok;
    });
}
