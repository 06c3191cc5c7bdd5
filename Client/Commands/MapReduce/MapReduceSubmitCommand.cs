using System.CommandLine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary><c>mr submit</c>: begins a job and does not wait for it.</summary>
internal sealed class MapReduceSubmitCommand : ClusterCommand
{
    private readonly JobRequestOptions _request = new();

    public MapReduceSubmitCommand(ClientContext context)
        : base(context, "submit", "Begin a MapReduce job on the cluster, and print its id.",
            "The job is in the store when the command ends, and goes on whatever happens to this console or to the silo that took it.",
            "mr submit --app wordcount --input '*.md' --output wc-out", "mr submit --app sort --input big.txt --output sorted --reducers 30") => _request.AddTo(this);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MapReduceCommand.ExplainAsync(async () =>
    {
        JobView job = await cluster.Jobs.SubmitAsync(_request.Spec(parsed, Context.Time), cancellationToken);
        if (Json(parsed)) JobTable.WriteJson(Output, job);
        else Output.Out.WriteLine(job.Spec.Id);
        return ExitCode.Ok;
    });
}
