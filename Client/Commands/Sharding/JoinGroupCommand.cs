using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary><c>join GID NODE[,NODE…]</c>: a new replica group.</summary>
internal sealed class JoinGroupCommand : ShardingCommand
{
    private readonly Argument<string> _gid = new("GID") { Description = "The new group's number, such as 2." };
    private readonly Argument<string> _nodes = new("NODES") { Description = "Its nodes, separated by commas.", HelpName = "NODE[,NODE…]" };

    public JoinGroupCommand(ClientContext context)
        : base(context, "join", "Make a new replica group on some nodes and give it its share of the shards.", "", "join 2 n1,n2,n3")
    {
        Add(_gid);
        Add(_nodes);
    }

    /// <inheritdoc/>
    protected override Task<ControllerResult> CommandAsync(ParseResult parsed, IShardController controller, CancellationToken cancellationToken)
    {
        string[] nodes = parsed.GetRequiredValue(_nodes).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (nodes.Length == 0) throw ClientException.Usage("a group needs at least one node");
        return controller.JoinAsync([new JoiningGroup(Gid(parsed.GetRequiredValue(_gid)), [.. nodes])], cancellationToken);
    }
}
