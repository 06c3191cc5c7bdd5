using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Client.Commands;

/// <summary>Which groups a node has a replica of, as those who lead them say: what a node itself says is not to be had when it is dead.</summary>
internal static class NodeHosting
{
    /// <summary>The names of all groups there are.</summary>
    /// <exception cref="ClientException">The shard controller, which knows them, does not answer.</exception>
    public static async Task<IReadOnlyList<string>> GroupsAsync(ICluster cluster, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReplicaReport> replicas = await cluster.GetReplicasAsync(cancellationToken);
        ShardMap map = await ShardingCommand.ExplainAsync(() => cluster.Shards.GetMapAsync(cancellationToken));
        return [.. replicas.Select(static replica => replica.Group).Union(map.Groups.Select(static place => GroupNames.Of(place.Gid)))];
    }

    /// <summary>The groups that a node is a member of.</summary>
    /// <returns>Their leaders' states, and the groups that nobody leads now.</returns>
    /// <exception cref="ClientException">The shard controller does not answer.</exception>
    public static async Task<(IReadOnlyList<ReplicaStatus> Hosted, IReadOnlyList<string> Silent)> FindAsync(ICluster cluster, string node, CancellationToken cancellationToken)
    {
        List<ReplicaStatus> hosted = [];
        List<string> silent = [];
        foreach (string group in await GroupsAsync(cluster, cancellationToken))
        {
            try
            {
                ReplicaStatus leader = await cluster.Members.GetMembersAsync(group, cancellationToken);
                if (leader.Members.Any(member => member.Node == node)) hosted.Add(leader);
            }
            catch (MembershipException)
            {
                silent.Add(group);
            }
        }

        return (hosted, silent);
    }
}
