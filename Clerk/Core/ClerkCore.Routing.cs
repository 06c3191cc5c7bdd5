using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// Which group serves which shard. What a replica says counts when the epoch in it is higher than the known one; the controller's word,
/// which lags behind the groups' logs, also when the group that was named refuses again and again, or is gone.
/// </summary>
public sealed partial class ClerkCore
{
    // So many rounds of refusals, and the controller knows better than the hint that led there.
    private const int DoubtAfterRefusals = 4;

    private ShardMap? _map;
    private bool _mustReroute;

    private static int GidOf(string group) =>
        GroupNames.TryParse(group, out int gid) ? gid : -1;

    private GroupState NewGroup(int gid, string name, IReadOnlyList<string> nodes) => new(gid, name, NewLocator(name, nodes));

    private LeaderLocator NewLocator(string group, IReadOnlyList<string> nodes) =>
        new(group, nodes, _minBackOffMs, _maxBackOffMs, (int)(_random.Next() >> 40));

    private GroupState? FindGroup(int gid)
    {
        foreach (GroupState group in _groups)
            if (group.Gid == gid) return group;
        return null;
    }

    private GroupState AddGroup(int gid, IReadOnlyList<string> nodes)
    {
        GroupState group = NewGroup(gid, GroupNames.Of(gid), nodes);
        _groups.Add(group);
        return group;
    }

    private static GroupState GroupOf(ClerkOperation operation) => operation.Shard?.Group ?? ((ScanPart)operation).Group;

    private static Lane LaneOf(ClerkOperation operation)
    {
        GroupState group = GroupOf(operation);
        return operation.IsRead ? group.Reads : group.Writes;
    }

    private static void Enqueue(ClerkOperation operation)
    {
        operation.State = OperationState.Queued;
        operation.Lane = LaneOf(operation);
        operation.Lane.Queue.Enqueue(operation);
    }

    private static void Return(ClerkOperation operation)
    {
        operation.State = OperationState.Queued;
        operation.Lane = LaneOf(operation);
        operation.Lane.Queue.Return(operation);
    }

    private void ParkUntil(ClerkOperation operation, long timeMs)
    {
        operation.NotBeforeMs = timeMs;
        operation.State = OperationState.Parked;
        _parked.Add(operation);
    }

    /// <summary>A replica told where a shard is.</summary>
    private void LearnHint(ShardState shard, OwnerHint? hint)
    {
        if (hint is not { Group: > 0 and <= int.MaxValue } owner || owner.Epoch <= shard.Epoch) return;
        GroupState? group = FindGroup((int)owner.Group);
        if (group is null)
        {
            // Its nodes are a guess until the controller names them; any replica of it names the leader.
            group = AddGroup((int)owner.Group, _options.Nodes);
            WantMap();
        }

        MoveTo(shard, group, owner.Epoch);
    }

    /// <summary>The controller told where everything is.</summary>
    /// <returns>Null, or what is wrong with it, for a person.</returns>
    private string? LearnMap(ShardMap map)
    {
        if (map.Shards.Length != _shards.Length)
            return $"the cluster has {map.Shards.Length} shards, and {nameof(ClerkOptions)}.{nameof(ClerkOptions.Shards)} {_shards.Length}";
        if (_map is not null && map.Revision < _map.Revision) return null;
        if (_map is null || map.Revision > _map.Revision)
        {
            _map = map;
            foreach (GroupPlace place in map.Groups) LearnGroup(place);
        }

        for (int i = 0; i < _shards.Length; i++)
        {
            ShardState shard = _shards[i];
            ShardPlace place = map.Shards[i];
            bool isNews = place.Epoch > shard.Epoch || (place.Epoch == shard.Epoch && place.Owner != shard.Group.Gid);
            bool isDoubtful = shard.Refusals >= DoubtAfterRefusals || (shard.Group != _nobody && map.Find(shard.Group.Gid) is null);
            if (!isNews && !isDoubtful) continue;
            GroupState owner = FindGroup(place.Owner) ?? _nobody;
            if (owner != shard.Group) MoveTo(shard, owner, place.Epoch);
        }

        for (int i = _groups.Count - 1; i >= 0; i--)
        {
            GroupState group = _groups[i];
            if (map.Find(group.Gid) is null && !group.HasWork && !ServesAny(group)) _groups.RemoveAt(i);
        }

        return null;
    }

    private void LearnGroup(GroupPlace place)
    {
        if (place.Nodes.IsEmpty) return;
        string[] nodes = new string[place.Nodes.Length];
        for (int i = 0; i < nodes.Length; i++) nodes[i] = place.Nodes[i].Name;
        GroupState group = FindGroup(place.Gid) ?? AddGroup(place.Gid, nodes);
        if (group.Incarnation == place.Incarnation) group.Locator.SetNodes(nodes);
        else if (group.Incarnation == 0) group.Adopt(place.Incarnation, nodes);
        else group.BeginAnew(place.Incarnation, NewLocator(group.Name, nodes), _lastAttempt);
    }

    private bool ServesAny(GroupState group)
    {
        foreach (ShardState shard in _shards)
            if (shard.Group == group) return true;
        return false;
    }

    private void MoveTo(ShardState shard, GroupState group, long epoch)
    {
        if (shard.Group != group)
        {
            shard.Group.LostShards = true;
            _mustReroute = true;
        }

        shard.MoveTo(group, epoch);
    }

    /// <summary>What waits for a group that lost shards goes to where they are now. What is under way there is sorted out by its answer.</summary>
    private void Reroute(long nowMs)
    {
        _mustReroute = false;
        foreach (GroupState group in _groups) Reroute(group, nowMs);
        Reroute(_nobody, nowMs);
    }

    private void Reroute(GroupState group, long nowMs)
    {
        if (!group.LostShards) return;
        group.LostShards = false;
        Reroute(group, group.Writes.Queue, nowMs);
        Reroute(group, group.Reads.Queue, nowMs);
    }

    private void Reroute(GroupState group, OperationQueue queue, long nowMs)
    {
        for (ClerkOperation? operation = queue.Head; operation is not null;)
        {
            ClerkOperation? next = operation.QueueNext;
            if (operation is ScanPart part)
            {
                if (IsOutdated(part)) Dissolve(part, nowMs);
            }
            else if (operation.Shard!.Group != group)
            {
                queue.Remove(operation);
                Enqueue(operation);
            }

            operation = next;
        }
    }
}
