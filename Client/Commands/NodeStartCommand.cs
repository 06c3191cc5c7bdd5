using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>node start NODE</c>.</summary>
internal sealed class NodeStartCommand : NodeAdminCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();

    public NodeStartCommand(ClientContext context)
        : base(context, "start", "Start a node that was stopped, on its old data.", "", "node start n2") => Add(_node);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, INodeAdmin nodes, CancellationToken cancellationToken)
    {
        string node = parsed.GetRequiredValue(_node);
        WriteNode(parsed, await nodes.StartAsync(node, cancellationToken));
        return ExitCode.Ok;
    }
}
