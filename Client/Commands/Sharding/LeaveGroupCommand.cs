using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary><c>leave GID</c>: a group hands its shards over and ends.</summary>
internal sealed class LeaveGroupCommand : ShardingCommand
{
    private readonly Argument<string> _gid = new("GID") { Description = "The group's number, such as 2." };

    public LeaveGroupCommand(ClientContext context)
        : base(context, "leave", "Let a group hand its shards over to the others; then it is removed from its nodes.", "", "leave 2") => Add(_gid);

    /// <inheritdoc/>
    protected override Task<ControllerResult> CommandAsync(ParseResult parsed, IShardController controller, CancellationToken cancellationToken) =>
        controller.LeaveAsync([Gid(parsed.GetRequiredValue(_gid))], cancellationToken);
}
