using System.CommandLine;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client.Commands;

/// <summary><c>members GROUP</c>: a group's members as its leader sees them.</summary>
internal sealed class MembersCommand : ClusterCommand
{
    private readonly Argument<string> _group = MembershipCommand.Group();

    public MembersCommand(ClientContext context)
        : base(context, "members",
            "Show a group's members as its leader sees them: who votes, who is heard from, who lacks how much of the log.",
            "A learner receives the log and does not vote; a leaving member votes until the change at hand is over. With --json one object a member.",
            "members g1", "members g1 --json") => Add(_group);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        ReplicaStatus leader = await MembershipCommand.ExplainAsync(() => cluster.Members.GetMembersAsync(parsed.GetRequiredValue(_group), cancellationToken));
        if (Json(parsed)) Output.WriteMemberLines(leader);
        else Output.WriteMemberTable(leader);
        return ExitCode.Ok;
    }
}
