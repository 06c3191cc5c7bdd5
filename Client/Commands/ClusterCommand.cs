using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary>A command that talks to a cluster through its gateways.</summary>
internal abstract class ClusterCommand(ClientContext context, string name, string description, string details, params string[] examples)
    : ClientCommand(context, name, description, details, examples)
{
    /// <inheritdoc/>
    protected sealed override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using ICluster cluster = await Context.Connector
            .ConnectAsync(Configure(Context.Options.ConnectOptions(parsed), parsed), cancellationToken);
        return await ExecuteAsync(parsed, cluster, cancellationToken);
    }

    /// <summary>Changes how the cluster is talked to.</summary>
    protected virtual ConnectOptions Configure(ConnectOptions options, ParseResult parsed) => options;

    /// <summary>Does it.</summary>
    /// <returns>The exit status.</returns>
    protected abstract Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken);
}
