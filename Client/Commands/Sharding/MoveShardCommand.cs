using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary><c>move SHARD GID</c>: one shard goes to a group.</summary>
internal sealed class MoveShardCommand : ShardingCommand
{
    private readonly Argument<int> _shard = new("SHARD") { Description = "The shard's number, from 0 on." };
    private readonly Argument<string> _gid = new("GID") { Description = "The group's number, such as 2." };

    public MoveShardCommand(ClientContext context)
        : base(context, "move", "Move one shard to a group. It stays there until shards are spread anew, by join, leave or rebalance.", "", "move 7 2")
    {
        Add(_shard);
        Add(_gid);
    }

    /// <inheritdoc/>
    protected override Task<ControllerResult> CommandAsync(ParseResult parsed, IShardController controller, CancellationToken cancellationToken)
    {
        int shard = parsed.GetRequiredValue(_shard);
        if (shard < 0) throw ClientException.Usage($"'{shard}' is no shard; the first one is 0");
        return controller.MoveAsync(new ShardId(shard), Gid(parsed.GetRequiredValue(_gid)), cancellationToken);
    }
}
