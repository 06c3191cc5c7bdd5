using System.CommandLine;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Commands;

/// <summary><c>mr run</c>: runs a job and waits for it.</summary>
internal sealed class MapReduceRunCommand : ClientCommand
{
    private readonly JobRequestOptions _request = new();
    private readonly Option<bool> _local = new("--local") { Description = "Run in this process, without a cluster." };
    private readonly Option<int> _slots = new("--slots") { Description = "With --local: how many tasks run at a time.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };

    public MapReduceRunCommand(ClientContext context)
        : base(context, "run",
            "Run a MapReduce job and wait for it.",
            "The output appears at once when all is done: files mr-out-N, _SUCCESS and a report, _job.json. When the job fails or is "
            + "interrupted, nothing appears and no temporary file stays. On a cluster, inputs, output and assemblies lie on a file system that the silos share. "
            + "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
            "mr run --app wordcount --input '*.md' --output wc-out",
            "mr run --local --app grep --arg pattern=error --input 'logs/**' --output found --reducers 1",
            "mr run --local --app sort --arg record=100 --arg key=0:10 --input data.bin --output sorted --overwrite",
            "mr run --app wordcount --input kv:doc/ --output words-of-the-store",
            "mr run --app ./Mine.dll:My.App --input texts --output out --max-bad-records 10")
    {
        Add(_local);
        _request.AddTo(this);
        Add(_slots);
        _slots.InRange(1, 1024);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_local)) return await RunHereAsync(_request.Local(parsed, parsed.GetRequiredValue(_slots)), Json(parsed), cancellationToken);
        JobSpec spec = _request.Spec(parsed, Context.Time);
        await using ICluster cluster = await Context.Connector.ConnectAsync(Context.Options.ConnectOptions(parsed), cancellationToken);
        return await MapReduceCommand.ExplainAsync(async () =>
        {
            JobView job = await cluster.Jobs.SubmitAsync(spec, cancellationToken);
            return await new ClusterJob(Context, cluster.Jobs).FollowAsync(job, cancels: true, Json(parsed), cancellationToken);
        });
    }

    private async Task<int> RunHereAsync(JobRequest request, bool json, CancellationToken cancellationToken)
    {
        JobProgress progress = new();
        try
        {
            Task<IReadOnlyList<JobReport>> run = Task.Factory.StartNew(
                () => new LocalRunner(progress).Run(request, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await new JobDisplay(Output, () => JobFigures.Of(progress), Context.Time).ShowUntilAsync(run, json);
            JobReports.Write(Output, Path.GetFullPath(request.Output), await run, json);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new ClientException("interrupted: nothing was published, no temporary file is left") { ExitCode = ExitCode.Interrupted };
        }
        catch (MapReduceException e)
        {
            throw new ClientException(e.Message, e);
        }
    }
}
