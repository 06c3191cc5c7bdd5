using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client.Commands;

/// <summary><c>node replace NODE</c>: makes a node that came back with an empty disk a member again, of all groups that its lost disk was in.</summary>
internal sealed class NodeReplaceCommand : ClusterCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();

    public NodeReplaceCommand(ClientContext context)
        : base(context, "replace", "Make a node whose disk is gone a new member of all groups that the lost disk was in.",
            "Start the node with an empty data directory first. It has no vote then, whatever it has forgotten; this gives it new replicas, one group after the other, each as replace-replica GROUP NODE NODE does. "
            + "Cut off in the middle, the same command again goes on.",
            "node replace n2 --config cluster.json") => Add(_node);

    /// <inheritdoc/>
    protected override Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken) => MembershipCommand.ExplainAsync(async () =>
    {
        string node = parsed.GetRequiredValue(_node);
        (IReadOnlyList<ReplicaStatus> hosted, IReadOnlyList<string> silent) = await NodeHosting.FindAsync(cluster, node, cancellationToken);
        if (silent.Count > 0) throw new ClientException($"nobody leads {string.Join(", ", silent)} now. Bring a majority of their nodes up first");
        if (hosted.Count == 0) throw new ClientException($"{node} hosts nothing, so there is nothing to replace");
        MembershipCommand.Reporter reporter = new(Output, Json(parsed), Context.Time);
        foreach (ReplicaStatus leader in hosted)
            await cluster.Members.ReplaceReplicaAsync(leader.Group, node, node, new MembershipOptions { Progress = reporter.Report }, cancellationToken);
        return ExitCode.Ok;
    });
}
