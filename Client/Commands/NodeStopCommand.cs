using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>node stop NODE [--abrupt]</c>.</summary>
internal sealed class NodeStopCommand : NodeAdminCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();
    private readonly Option<bool> _abrupt = new("--abrupt")
    {
        Description = "Without hand-over and flush, its connections cut, as if it had crashed.",
    };

    public NodeStopCommand(ClientContext context)
        : base(context, "stop", "Stop a node.", "", "node stop n2", "node stop n2 --abrupt")
    {
        Add(_node);
        Add(_abrupt);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, INodeAdmin nodes, CancellationToken cancellationToken)
    {
        string node = parsed.GetRequiredValue(_node);
        WriteNode(parsed, await nodes.StopAsync(node, parsed.GetValue(_abrupt), cancellationToken));
        return ExitCode.Ok;
    }
}
