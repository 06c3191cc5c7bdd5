using System.CommandLine;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>add-replica GROUP NODE</c>: gives a node a replica.</summary>
internal sealed class AddReplicaCommand : MembershipCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();

    public AddReplicaCommand(ClientContext context)
        : base(context, "add-replica", "Give a node a replica of a group, while it serves.",
            "The node is added as a learner, catches up, and then gets a vote.", "add-replica g1 n4", "add-replica g1 n4 --json") => Add(_node);

    /// <inheritdoc/>
    protected override Task ChangeAsync(ParseResult parsed, IGroupAdministrator members, string group, MembershipOptions options, CancellationToken cancellationToken) =>
        members.AddReplicaAsync(group, parsed.GetRequiredValue(_node), options, cancellationToken);
}
