using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>What everything must come to once faults and moves have stopped.</summary>
internal static class ShardedEnd
{
    /// <summary>What has not come yet, or null.</summary>
    internal static string? Missing(ShardedCluster cluster, ShardedChecker checker)
    {
        if (cluster.Map is not { } map) return "the controller has a leader";
        for (int i = 0; i < map.Shards.Length; i++)
            if (map.Shards[i].IsMoving || map.Shards[i].Owner != map.Shards[i].Target) return $"shard {i} is where it shall be";
        if (!map.Gone.IsEmpty) return $"the nodes have removed {map.Gone[0].Gid}#{map.Gone[0].Incarnation}";
        foreach (Checker group in checker.Living)
            if (!Simulator.AllAgree(group)) return $"all members of {group.Cluster.Group} come to the same state";
        foreach (SimulatedNode node in cluster.Base.Nodes)
        {
            foreach (GroupId hosted in node.Raft?.Groups ?? [])
            {
                if (checker.Find(hosted) is not { IsEnded: false } group) return $"{node.Name} removes {hosted}, which is gone";
                if (!Administrator.IsMember(group.Members, node.NodeId))
                {
                    if (CanLearn(cluster, node, hosted)) return $"{node.Name} removes {hosted}, of which it is no member";
                    continue;
                }

                if (ShardedCluster.StoreOf(node, hosted) is { } store && Misplaced(map, store) is { } shard) return $"{node.Name} has what it shall of {hosted} of shard {shard}";
            }
        }

        return null;
    }

    /// <summary>Whether a replica knows anybody who can tell it that it was removed. One that knows only nodes that were removed as well stays and asks.</summary>
    private static bool CanLearn(ShardedCluster cluster, SimulatedNode node, GroupId group)
    {
        if (node.Core(group.Name) is not { } core) return true;
        foreach (SimulatedNode other in cluster.Base.Nodes)
            if (other != node && other.Core(group.Name)?.Group == group && Administrator.IsMember(core.Membership, other.NodeId)) return true;
        return false;
    }

    /// <summary>Where everything stands, for people.</summary>
    internal static string Describe(ShardedCluster cluster, ShardedChecker checker)
    {
        ShardMap? map = cluster.Map;
        string shards = map is null ? "no leader of the controller" : string.Join(' ', map.Shards.Select((shard, i) => $"{i}:g{shard.Owner}@{shard.Epoch}{(shard.IsMoving ? $"->g{shard.MoveTo}({shard.Move})" : "")}"));
        IEnumerable<string> groups = checker.Living.Select(group => $"{group.Cluster.Group} of {string.Join(' ', group.Members.Voters.Select(static voter => voter.Node))}: {string.Join(", ", cluster.Base.Nodes.Select(node => Describe(node, group.Cluster.Group)))}");
        return $"{shards}; {string.Join("; ", groups)}";
    }

    private static string Describe(SimulatedNode node, GroupId group)
    {
        if (node.Core(group.Name) is not { } core || core.Group != group) return $"{node.Name} {(node.IsUp ? node.Raft?.StopReason ?? "-" : $"down {node.StartFailure?.Message}")}";
        string phases = ShardedCluster.StoreOf(node, group) is { } store ? " [" + string.Join(' ', store.DescribeShards().Select(static shard => $"{shard.Phase}@{shard.Epoch}")) + "]" : "";
        return $"{node.Name} {core.Role} of term {core.Term}, commit {core.Commit}, last {core.Log.LastIndex}{phases}";
    }

    /// <summary>A shard of which a group has not what the map says, or something that is left over; null when there is none.</summary>
    private static ShardId? Misplaced(ShardMap map, KeyValueStateMachine store)
    {
        foreach (ShardStatus shard in store.DescribeShards())
        {
            ShardPlace place = map.Shards[shard.Shard.Value];
            bool isOwner = place.Owner == store.Self.Gid;
            bool isRight = isOwner
                ? shard.Phase == ShardPhase.Serving && shard.Epoch == place.Epoch
                : shard.Phase is ShardPhase.Absent or ShardPhase.Released && shard.Keys == 0 && shard.Bytes == 0;
            if (!isRight) return shard.Shard;
        }

        return null;
    }
}
