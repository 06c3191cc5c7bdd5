using System.CommandLine;
using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary><c>replace-replica GROUP OLD NEW</c>: puts another node's replica in the place of one.</summary>
internal sealed class ReplaceReplicaCommand : MembershipCommand
{
    private readonly Argument<string> _old = new("OLD") { Description = "The node whose replica goes, dead or alive." };
    private readonly Argument<string> _new = new("NEW") { Description = "The node that gets one; the same name, when the node has a new disk." };

    public ReplaceReplicaCommand(ClientContext context)
        : base(context, "replace-replica", "Put another node's replica in the place of one, dead or alive.",
            "The new one catches up first; then one step gives it the vote of the old one, so the group is never a voter short.",
            "replace-replica g1 n3 n4", "replace-replica g1 n2 n2")
    {
        Add(_old);
        Add(_new);
    }

    /// <inheritdoc/>
    protected override Task ChangeAsync(ParseResult parsed, IGroupAdministrator members, string group, MembershipOptions options, CancellationToken cancellationToken) =>
        members.ReplaceReplicaAsync(group, parsed.GetRequiredValue(_old), parsed.GetRequiredValue(_new), options, cancellationToken);
}
