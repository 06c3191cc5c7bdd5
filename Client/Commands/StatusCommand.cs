using System.CommandLine;

namespace Quorleans.Client.Commands;

/// <summary><c>status</c>: every replica of every group.</summary>
internal sealed class StatusCommand(ClientContext context) : ClusterCommand(context, "status",
    "Show the groups and their replicas: role, term, commit and applied index, state.",
    "The shard controller's group is ctl. When the controller does not answer, ctl and the cluster's first group g1 are shown; of others nobody tells then. Exit status 1 when no replica answers.",
    "status", "status --json")
{
    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, ICluster cluster, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReplicaReport> replicas = await cluster.GetReplicasAsync(cancellationToken);
        if (Json(parsed)) Output.WriteReplicaLines(replicas);
        else Output.WriteReplicaTable(replicas);
        if (replicas.Any(replica => replica.Status is not null)) return ExitCode.Ok;
        throw new ClientException("no replica answers; see the silo's log, or `node list` for nodes that are stopped");
    }
}
