using System.CommandLine;
using Quorleans.Hosting;

namespace Quorleans.Client.Commands;

/// <summary>A command that talks to the process of an embedded cluster, or to the processes of nodes, over HTTP.</summary>
internal abstract class NodeAdminCommand(ClientContext context, string name, string description, string details, params string[] examples)
    : ClientCommand(context, name, description, details, examples)
{
    /// <inheritdoc/>
    protected sealed override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        INodeAdmin nodes = await ReachAsync(Context, parsed, cancellationToken);
        using IDisposable? owned = nodes as IDisposable;
        return await ExecuteAsync(parsed, nodes, cancellationToken);
    }

    /// <summary>Reaches the nodes that a command line means.</summary>
    internal static async Task<INodeAdmin> ReachAsync(ClientContext context, ParseResult parsed, CancellationToken cancellationToken) => parsed.GetValue(context.Options.Config) is { } config
        ? new ProcessNodeAdmin(await EffectiveConfiguration.ReadAsync(config, TimeSpan.FromSeconds(parsed.GetRequiredValue(context.Options.Timeout)), cancellationToken), context.NodeAdmin)
        : context.NodeAdmin(Reach(parsed.GetRequiredValue(context.Options.Http)));

    private static Endpoint Reach(string http) => Endpoint.TryParse(http, out Endpoint endpoint, out string? problem) ? endpoint : throw ClientException.Usage(problem);

    /// <summary>Does it.</summary>
    /// <returns>The exit status.</returns>
    protected abstract Task<int> ExecuteAsync(ParseResult parsed, INodeAdmin nodes, CancellationToken cancellationToken);

    /// <summary>Prints what became of a node.</summary>
    protected void WriteNode(ParseResult parsed, NodeReport report)
    {
        if (Json(parsed)) WriteLine(report);
        else Output.Out.WriteLine($"{report.Node}: {report.State}");
    }

    /// <summary>Prints a node as a JSON object.</summary>
    protected void WriteLine(NodeReport report) => Output.WriteJson(line =>
    {
        line.WriteString("node", report.Node);
        line.WriteString("state", report.State);
        line.WriteString("gateway", report.Gateway);
        line.WriteNumber("siloPort", report.SiloPort);
        line.WriteString("dataDirectory", report.DataDirectory);
        line.WriteString("detail", report.Detail);
    });
}
