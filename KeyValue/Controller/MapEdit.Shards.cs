namespace Quorleans.KeyValue.Controller;

internal sealed partial class MapEdit
{
    /// <summary>Makes the groups of the first configuration owners of their shards, without a move.</summary>
    public void SettleGenesis()
    {
        for (int i = 0; i < _shards.Length; i++)
        {
            if (_shards[i].Target != 0) _shards[i] = new ShardPlace(_shards[i].Target, 1, _shards[i].Target, 0, 0);
        }

        for (int i = 0; i < _groups.Count; i++) _groups[i] = _groups[i] with { Phase = GroupPhase.Active };
    }

    private ControllerResult Move(ShardId shard, int gid)
    {
        if (shard.Value >= _shards.Length) return Refuse(ControllerStatus.ShardOutOfRange, shard.Value);
        int at = PlaceOf(gid);
        if (at < 0 || !_groups[at].IsMember) return Refuse(ControllerStatus.UnknownGroup, gid);
        if (_shards[shard.Value].Target == gid) return Done;
        _shards[shard.Value] = _shards[shard.Value] with { Target = gid };
        return Configured();
    }

    private ControllerResult Rebalance() => SpreadTargets() ? Configured() : Done;

    // The groups have changed, so the configuration has, whether a target did or not.
    private ControllerResult Spread()
    {
        SpreadTargets();
        return Configured();
    }

    private bool SpreadTargets()
    {
        int[] targets = new int[_shards.Length], owners = new int[_shards.Length], gids = new int[MemberCount()];
        for (int i = 0; i < _shards.Length; i++) (targets[i], owners[i]) = (_shards[i].Target, _shards[i].Owner);
        int next = 0;
        foreach (GroupPlace group in _groups)
        {
            if (group.IsMember) gids[next++] = group.Gid;
        }

        Rebalancer.Spread(targets, owners, gids);
        bool changed = false;
        for (int i = 0; i < _shards.Length; i++)
        {
            changed |= _shards[i].Target != targets[i];
            _shards[i] = _shards[i] with { Target = targets[i] };
        }

        return changed;
    }

    private ControllerResult MoveOver(MoveOverCommand report)
    {
        if (report.Shard.Value >= _shards.Length) return Refuse(ControllerStatus.ShardOutOfRange, report.Shard.Value);
        ShardPlace shard = _shards[report.Shard.Value];
        if (!shard.IsMoving || shard.Move != report.Move) return Refuse(ControllerStatus.NotCurrent);
        if (report.IsCommitted)
        {
            int at = PlaceOf(shard.MoveTo);
            if (_groups[at].Phase == GroupPhase.Joining) _groups[at] = _groups[at] with { Phase = GroupPhase.Active };
            shard = shard with { Owner = shard.MoveTo, Epoch = shard.Epoch + 1 };
        }

        _shards[report.Shard.Value] = shard with { Move = 0, MoveTo = 0 };
        return Changed();
    }

    private void Settle()
    {
        for (int i = 0; i < _shards.Length; i++)
        {
            ShardPlace shard = _shards[i];
            if (!shard.IsMoving && shard.Target != 0 && shard.Target != shard.Owner) _shards[i] = shard with { Move = index, MoveTo = shard.Target };
        }

        for (int i = _groups.Count - 1; i >= 0; i--)
        {
            if (_groups[i].Phase != GroupPhase.Leaving || IsNeeded(_groups[i].Gid)) continue;
            _gone.Add(_groups[i] with { Phase = GroupPhase.Gone });
            _groups.RemoveAt(i);
        }

        while (_gone.Count > options.Limits.MaxGoneGroups) _gone.RemoveAt(0);
    }

    private bool IsNeeded(int gid)
    {
        foreach (ShardPlace shard in _shards)
        {
            if (shard.Owner == gid || shard.MoveTo == gid) return true;
        }

        return false;
    }
}
