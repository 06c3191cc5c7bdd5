using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;

namespace Quorleans.Client.Commands;

/// <summary><c>node remove NODE [--force]</c>: takes a machine out of a cluster of processes for good.</summary>
internal sealed class NodeRemoveCommand : ClusterCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();
    private readonly Option<bool> _force = new("--force")
    {
        Description = "Also when it hosts replicas: they are given up, and what that costs is said. For a machine that does not come back.",
    };

    public NodeRemoveCommand(ClientContext context)
        : base(context, "remove", "Take a machine out of a cluster of processes for good.",
            "Refused while the node hosts a replica of any group, members and ctl included: drain it first. Its process ends by itself with status 4, and its name is never used again. "
            + "The same command again does nothing. Exit status 1 when it is refused, or nobody answers for a group.",
            "node remove n4 --config cluster.json", "node remove n4 --force --config cluster.json")
    {
        Add(_node);
        Add(_force);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        string node = parsed.GetRequiredValue(_node), config = NodeRegistryCommands.RequireConfig(Context, parsed, "node remove");
        await NodeRegistryCommands.ExplainAsync(Context, parsed, config, async registry =>
        {
            ClusterConfiguration now = await registry.ReadAsync(cancellationToken);
            if (!now.Removed.Contains(node))
            {
                now.Find(node);
                await RequireSpareAsync(parsed, cluster, node, cancellationToken);
                await registry.RemoveAsync(node, cancellationToken);
            }
        });
        if (Json(parsed))
        {
            Output.WriteJson(line =>
            {
                line.WriteString("node", node);
                line.WriteString("state", "Removed");
            });
        }
        else
        {
            Output.Out.WriteLine($"{node} is removed; its process ends by itself, and its data directory can be deleted");
        }

        return ExitCode.Ok;
    }

    private async Task RequireSpareAsync(ParseResult parsed, ICluster cluster, string node, CancellationToken cancellationToken)
    {
        bool force = parsed.GetValue(_force);
        (IReadOnlyList<ReplicaStatus> hosted, IReadOnlyList<string> silent) = await NodeHosting.FindAsync(cluster, node, cancellationToken);
        if (!force && silent.Count > 0) throw new ClientException($"whether {node} hosts replicas of {string.Join(", ", silent)} cannot be seen: nobody leads there now. Bring a majority of their nodes up (--force does it all the same)");
        if (!force && hosted.Count > 0)
            throw new ClientException($"{node} hosts {string.Join(", ", hosted.Select(static leader => leader.Group))}. Move that away first: node drain {node} (or give it up, when the machine is lost: --force)");
        foreach (string group in silent) Output.Error.WriteLine($"warning: nobody leads {group} now; if {node} hosts a replica of it, that one is lost");
        foreach (ReplicaStatus leader in hosted) await GiveUpAsync(cluster, node, leader, cancellationToken);
    }

    private async Task GiveUpAsync(ICluster cluster, string node, ReplicaStatus leader, CancellationToken cancellationToken)
    {
        string[] others = [.. leader.Members.Where(member => member.Node != node && member.Kind != "Learner").Select(static member => member.Node)];
        if (others.Length == 0) throw new ClientException($"{node} has the only replica of {leader.Group}: without it all of its data would be lost. Move it away first: node drain {node}");
        Output.Error.WriteLine($"warning: {leader.Group} loses its replica on {node}; {string.Join(", ", others)} {(others.Length == 1 ? "is the only one left, and may not fail" : "are left")}. add-replica {leader.Group} NODE makes up for it");
        await MembershipCommand.ExplainAsync(async () =>
        {
            await cluster.Members.RemoveReplicaAsync(leader.Group, node, new MembershipOptions { Force = true }, cancellationToken);
            return ExitCode.Ok;
        });
    }
}
