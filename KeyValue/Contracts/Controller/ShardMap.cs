using System.Collections.Immutable;

namespace Quorleans.KeyValue;

/// <summary>
/// All that groups, nodes and Clerks need to know at this moment: which group owns each shard, what is on its way, which groups there are and where. Never
/// changes; the next one is another object.
/// </summary>
/// <param name="Revision">The controller's index of the last change; larger is newer.</param>
/// <param name="Number">The newest configuration's number.</param>
/// <param name="Shards">The shards, by number.</param>
/// <param name="Groups">The groups that live, by ascending gid: Joining, Active and Leaving.</param>
/// <param name="Gone">The groups that are gone, with the nodes that have not cleaned up, oldest first.</param>
/// <param name="Nodes">The registered nodes, by name (ordinal).</param>
public sealed record ShardMap(
    long Revision, long Number, ImmutableArray<ShardPlace> Shards, ImmutableArray<GroupPlace> Groups, ImmutableArray<GroupPlace> Gone,
    ImmutableArray<ControllerNode> Nodes)
{
    /// <summary>Finds a group that lives.</summary>
    /// <param name="gid">The gid.</param>
    /// <returns>Null when there is none.</returns>
    public GroupPlace? Find(int gid)
    {
        int low = 0, high = Groups.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            GroupPlace group = Groups[middle];
            if (group.Gid == gid) return group;
            if (group.Gid < gid) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    /// <summary>What a group's hand-off driver must know: every move that is on its way, and every shard's epoch.</summary>
    public ControllerView ToView()
    {
        List<MoveOrder> moves = [];
        long[] epochs = new long[Shards.Length];
        for (int i = 0; i < Shards.Length; i++)
        {
            ShardPlace shard = Shards[i];
            epochs[i] = shard.Epoch;
            if (!shard.IsMoving) continue;
            moves.Add(new MoveOrder(new ShardMove(shard.Move, new ShardId(i), RefOf(shard.Owner), RefOf(shard.MoveTo), shard.Epoch + 1), shard.ShouldAbort));
        }

        return new ControllerView(Revision, moves, epochs);
    }

    // A group that owns a shard or takes part in a move lives, so that its gid means one incarnation.
    private GroupRef RefOf(int gid) => Find(gid) is { } group ? new GroupRef(gid, group.Incarnation) : GroupRef.None;
}

/// <summary>Where a shard is.</summary>
/// <param name="Owner">The gid of the group that owns it; 0 for nobody.</param>
/// <param name="Epoch">1 for the first owner, one more at each change of it; 0 before.</param>
/// <param name="Target">The gid of the group that shall own it; 0 for nobody, and then it stays where it is.</param>
/// <param name="Move">
/// The id of the move on its way (the controller's index that planned it), or 0. One entry may plan moves of many shards, so it names a move only together
/// with the shard. It makes <paramref name="Epoch"/> one more.
/// </param>
/// <param name="MoveTo">The gid that the move goes to, or 0; it comes from <paramref name="Owner"/>, and is a bootstrap when that is 0.</param>
public readonly record struct ShardPlace(int Owner, long Epoch, int Target, long Move, int MoveTo)
{
    /// <summary>Whether a move is on its way.</summary>
    public bool IsMoving => Move != 0;

    /// <summary>Whether the move on its way is not wanted any more: its source aborts it if it is not frozen yet.</summary>
    public bool ShouldAbort => IsMoving && MoveTo != Target;
}

/// <summary>A group and where it is.</summary>
/// <param name="Gid">Its number.</param>
/// <param name="Incarnation">The controller's index that made it; 1 for the group that a cluster is created with.</param>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="Version">The index of the membership in the group's log that <paramref name="Nodes"/> tells; 0: those it began with.</param>
/// <param name="Nodes">Its nodes; of a group that is gone, those that have not cleaned up.</param>
public readonly record struct GroupPlace(int Gid, long Incarnation, GroupPhase Phase, long Version, ImmutableArray<ControllerNode> Nodes)
{
    /// <summary>Whether the group is in the newest configuration.</summary>
    public bool IsMember => Phase is GroupPhase.Joining or GroupPhase.Active;

    /// <summary>Whether a node bears it.</summary>
    /// <param name="node">The node's name.</param>
    public bool IsOn(string node)
    {
        foreach (ControllerNode candidate in Nodes)
        {
            if (string.Equals(candidate.Name, node, StringComparison.Ordinal)) return true;
        }

        return false;
    }
}
