using System.CommandLine;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>remove-replica GROUP NODE</c>: takes a node's replica away.</summary>
internal sealed class RemoveReplicaCommand : MembershipCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();

    public RemoveReplicaCommand(ClientContext context)
        : base(context, "remove-replica", "Take a node's replica of a group away, dead or alive, the leader's too.",
            "The node deletes the replica's data as soon as it learns of it.", "remove-replica g1 n4") => Add(_node);

    /// <inheritdoc/>
    protected override Task ChangeAsync(ParseResult parsed, IGroupAdministrator members, string group, MembershipOptions options, CancellationToken cancellationToken) =>
        members.RemoveReplicaAsync(group, parsed.GetRequiredValue(_node), options, cancellationToken);
}
