using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;

namespace Quorleans.Client.Commands;

/// <summary><c>node drain NODE</c>: moves everything away from a node.</summary>
internal sealed class NodeDrainCommand : ClusterCommand
{
    private readonly Argument<string> _node = KeyValueArguments.Node();
    private readonly Option<double> _patience = new("--patience")
    {
        Description = "How many seconds nothing may move before it gives up, 1 to 3600.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 30,
    };

    public NodeDrainCommand(ClientContext context)
        : base(context, "drain", "Move a node's leaderships and replicas to other nodes, while they serve.",
            "Each replica goes to a running node that has none of its group, the one with the fewest replicas first. The node may be dead. Before anything is moved it is made sure that all of it has a place. "
            + "Cut off in the middle, the same command again goes on. Afterwards the node hosts nothing and can be stopped for good.",
            "node drain n3", "node drain n3 --json")
    {
        _patience.InRange(1, 3600);
        Add(_node);
        Add(_patience);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        string node = parsed.GetRequiredValue(_node);
        INodeAdmin admin = await NodeAdminCommand.ReachAsync(Context, parsed, cancellationToken);
        using IDisposable? owned = admin as IDisposable;
        IReadOnlyList<NodeReport> nodes = await admin.ListAsync(cancellationToken);
        if (nodes.All(known => known.Node != node)) throw new ClientException($"there is no node {node}; the nodes are {string.Join(", ", nodes.Select(static known => known.Node))}");
        IReadOnlyList<ReplicaReport> replicas = await cluster.GetReplicasAsync(cancellationToken);
        return await MembershipCommand.ExplainAsync(async () =>
        {
            List<Move> moves = await PlanAsync(cluster, node, nodes, replicas, cancellationToken);
            foreach (Move move in moves) await MoveAsync(parsed, cluster, node, move, cancellationToken);
            Say(parsed, moves.Count == 0 ? $"{node} hosts nothing" : $"{node} hosts nothing any more: {string.Join(", ", moves.Select(static move => $"{move.Group} went to {move.Target}"))}");
            return ExitCode.Ok;
        });
    }

    private static async Task<List<Move>> PlanAsync(
        ICluster cluster, string node, IReadOnlyList<NodeReport> nodes, IReadOnlyList<ReplicaReport> replicas, CancellationToken cancellationToken)
    {
        List<Move> moves = [];
        Dictionary<string, int> load = nodes.ToDictionary(static known => known.Node, known => replicas.Count(replica => replica.Node == known.Node && replica.Status is { State: "Running" }), StringComparer.Ordinal);
        foreach (string group in await NodeHosting.GroupsAsync(cluster, cancellationToken))
        {
            ReplicaStatus leader = await cluster.Members.GetMembersAsync(group, cancellationToken);
            if (leader.Members.All(member => member.Node != node)) continue;
            // A learner that a drain before this one has left is taken up again.
            string? target = nodes.Where(known => known.State == "Running" && known.Node != node && leader.Members.All(member => member.Node != known.Node || member.Kind == "Learner"))
                .OrderBy(known => leader.Members.All(member => member.Node != known.Node)).ThenBy(known => load[known.Node]).Select(static known => known.Node).FirstOrDefault();
            if (target is null)
            {
                throw new ClientException(
                    $"{group} has nowhere to go from {node}: no other running node is without a replica of it ({string.Join(", ", leader.Members.Select(static member => member.Node))}). "
                    + $"Start one more node, or take the replica away without another in its place: remove-replica {group} {node}");
            }

            load[target]++;
            moves.Add(new Move(group, target, leader));
        }

        return moves;
    }

    private async Task MoveAsync(ParseResult parsed, ICluster cluster, string node, Move move, CancellationToken cancellationToken)
    {
        // A leader that is removed leaves its group without one for an election; one that hands over does not.
        foreach (MemberStatus voter in move.Leader.Members.Where(voter => move.Leader.Node == node && voter is { Kind: "Voter", IsActive: true } && voter.Node != node))
        {
            if (await cluster.TransferLeadershipAsync(move.Group, voter.Node, cancellationToken) is not null) continue;
            Say(parsed, $"{voter.Node} leads {move.Group} now");
            break;
        }

        MembershipCommand.Reporter reporter = new(Output, Json(parsed), Context.Time);
        await cluster.Members.ReplaceReplicaAsync(
            move.Group, node, move.Target, new MembershipOptions { Patience = TimeSpan.FromSeconds(parsed.GetRequiredValue(_patience)), Progress = reporter.Report }, cancellationToken);
    }

    private void Say(ParseResult parsed, string text)
    {
        if (Json(parsed)) Output.WriteJson(line => line.WriteString("text", text));
        else Output.Out.WriteLine(text);
    }

    private sealed record Move(string Group, string Target, ReplicaStatus Leader);
}
