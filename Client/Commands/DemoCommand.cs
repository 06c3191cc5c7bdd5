using System.CommandLine;
using Quorleans.Client.Demo;

namespace Quorleans.Client.Commands;

/// <summary><c>demo</c>: a cluster of its own that works, loses its leader, moves its data and loses nothing.</summary>
internal sealed class DemoCommand : ClientCommand
{
    private readonly Option<bool> _keep = new("--keep")
    {
        Description = "Leave the cluster running at the end, for the dashboard, until Ctrl-C.",
    };

    public DemoCommand(ClientContext context)
        : base(context, "demo",
            "Show a cluster that works, loses its leader, moves its data and loses nothing.",
            "Starts three nodes in this process, on a temporary directory and free ports; write, read, load this repository's "
            + "text, stop the leader abruptly, bring it back, let two groups join and one leave under a workload, restart everything, read every "
            + "acknowledged write back and check what the clients saw. Exit status 1 when a write is missing, or that is not linearizable.",
            "demo", "demo --keep") => Add(_keep);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("quorleans-demo-");
        try
        {
            await using IDemoCluster cluster = Context.DemoCluster();
            Narrator narrator = new(Output.Ansi);
            string? repository = MarkdownLines.FindRoot(Environment.CurrentDirectory, AppContext.BaseDirectory);
            Demonstration demonstration = new(cluster, narrator, Context.Time, directory.FullName, repository);
            bool whole = await demonstration.RunAsync(cancellationToken);
            if (parsed.GetValue(_keep)) await KeepAsync(cluster, narrator, cancellationToken);
            else narrator.Say("With --keep the cluster runs on and you can look at it in the dashboard. A lasting one: dotnet run -c Release --project Silo");
            if (whole) return ExitCode.Ok;
            throw new ClientException("acknowledged writes are missing, or what clients saw is not linearizable; the lines above say which");
        }
        finally
        {
            Delete(directory);
        }
    }

    private static async Task KeepAsync(IDemoCluster cluster, Narrator narrator, CancellationToken cancellationToken)
    {
        narrator.Step("The cluster keeps running");
        narrator.Say($"Dashboard: {cluster.Dashboard}  Ctrl-C ends it.");
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void Delete(DirectoryInfo directory)
    {
        try
        {
            directory.Delete(recursive: true);
        }
        catch (IOException)
        {
            // It is in the system's temporary directory, which is cleaned anyway.
        }
    }
}
