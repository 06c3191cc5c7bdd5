using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>mr logs JOB [TASK]</c>: what attempts said.</summary>
internal sealed class MapReduceLogsCommand : ClusterCommand
{
    private readonly Argument<string> _job = new("JOB") { Description = "The job's id; see mr list." };
    private readonly Argument<string?> _task = new("TASK") { Description = "One task, such as map-3; all by default.", Arity = ArgumentArity.ZeroOrOne };

    public MapReduceLogsCommand(ClientContext context)
        : base(context, "logs", "Show what the attempts of a job's tasks said, and how they ended.",
            "The output of user code and its errors are in it. Logs stay with the silos, for the newest jobs; those of a silo that is down are missing.",
            "mr logs 20261125-221530-7f3a9c01", "mr logs 20261125-221530-7f3a9c01 map-3")
    {
        Add(_job);
        Add(_task);
    }

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MapReduceCommand.ExplainAsync(async () =>
    {
        string id = parsed.GetRequiredValue(_job);
        if (await cluster.Jobs.FindAsync(id, cancellationToken) is null) throw MapReduceStatusCommand.Missing(id);
        string log = await cluster.Jobs.ReadLogAsync(id, parsed.GetValue(_task), cancellationToken);
        foreach (string line in log.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Output.Out.WriteLine(Output.IsTerminal ? JobReports.Escape(line.TrimEnd('\r')) : line);
        return ExitCode.Ok;
    });
}
