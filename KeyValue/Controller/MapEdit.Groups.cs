using System.Collections.Immutable;

namespace Quorleans.KeyValue.Controller;

internal sealed partial class MapEdit
{
    /// <summary>Takes groups in and spreads the shards anew.</summary>
    public ControllerResult Join(ImmutableArray<JoiningGroup> joining)
    {
        foreach (JoiningGroup group in joining)
        {
            if (Check(group) is { } refusal) return refusal;
        }

        foreach (JoiningGroup group in joining) Add(group);
        return _groups.Count > options.Limits.MaxGroups
            ? Refuse(ControllerStatus.TooMany, $"{options.Limits.MaxGroups} groups")
            : Spread();
    }

    /// <summary>Lets groups go and spreads the shards anew.</summary>
    public ControllerResult Leave(ImmutableArray<int> gids)
    {
        foreach (int gid in gids)
        {
            int at = PlaceOf(gid);
            if (at < 0 || !_groups[at].IsMember) return Refuse(ControllerStatus.UnknownGroup, gid);
        }

        if (gids.Length == MemberCount() && !options.MayBeEmpty) return Refuse(ControllerStatus.LastGroup);
        foreach (int gid in gids) _groups[PlaceOf(gid)] = _groups[PlaceOf(gid)] with { Phase = GroupPhase.Leaving };
        return Spread();
    }

    private ControllerResult? Check(JoiningGroup joining)
    {
        int at = PlaceOf(joining.Gid);
        if (at >= 0 && _groups[at].IsMember) return Refuse(ControllerStatus.GroupExists, joining.Gid);
        if (joining.Nodes.IsEmpty) return Refuse(ControllerStatus.NoNodes, joining.Gid);
        for (int i = 0; i < joining.Nodes.Length; i++)
        {
            if (joining.Nodes.AsSpan(0, i).Contains(joining.Nodes[i])) return Refuse(ControllerStatus.NodeTwice, joining.Nodes[i]);
        }

        if (joining.Nodes.Length > options.Limits.MaxNodesPerGroup) return Refuse(ControllerStatus.TooManyNodes, joining.Gid);
        foreach (string node in joining.Nodes)
        {
            if (!options.AnyNode && NodeOf(node) is null) return Refuse(ControllerStatus.UnknownNode, node);
        }

        return at >= 0 && !IsOnSameNodes(_groups[at], joining) ? Refuse(ControllerStatus.GroupLeaving, joining.Gid) : null;
    }

    private void Add(JoiningGroup joining)
    {
        int at = PlaceOf(joining.Gid);
        if (at >= 0)
        {
            // It never ended, and holds data that another incarnation would not have: it goes on.
            _groups[at] = _groups[at] with { Phase = GroupPhase.Joining };
            return;
        }

        ImmutableArray<ControllerNode>.Builder nodes = ImmutableArray.CreateBuilder<ControllerNode>(joining.Nodes.Length);
        foreach (string node in joining.Nodes) nodes.Add(NodeOf(node) ?? new ControllerNode(node, Guid.Empty));
        at = _groups.Count;
        while (at > 0 && _groups[at - 1].Gid > joining.Gid) at--;
        _groups.Insert(at, new GroupPlace(joining.Gid, index, GroupPhase.Joining, 0, nodes.MoveToImmutable()));
    }

    private static bool IsOnSameNodes(GroupPlace group, JoiningGroup joining)
    {
        foreach (string node in joining.Nodes)
        {
            if (!group.IsOn(node)) return false;
        }

        return joining.Nodes.Length == group.Nodes.Length;
    }

    private ControllerResult Activate(GroupActiveCommand report)
    {
        int at = PlaceOf(report.Gid);
        if (at < 0 || _groups[at].Incarnation != report.Incarnation) return Refuse(ControllerStatus.NotCurrent);
        if (_groups[at].Phase != GroupPhase.Joining) return Done;
        _groups[at] = _groups[at] with { Phase = GroupPhase.Active };
        return Changed();
    }

    private ControllerResult ChangeMembers(MembersChangedCommand report)
    {
        int at = PlaceOf(report.Gid);
        if (at < 0 || _groups[at].Incarnation != report.Incarnation || report.Version <= _groups[at].Version) return Refuse(ControllerStatus.NotCurrent);
        if (report.Nodes.Length > options.Limits.MaxNodesPerGroup) return Refuse(ControllerStatus.TooManyNodes, report.Gid);
        bool isMember = _groups[at].IsMember;
        _groups[at] = _groups[at] with { Version = report.Version, Nodes = report.Nodes };
        return isMember ? Configured() : Changed();
    }

    private ControllerResult Clean(GroupCleanedCommand report)
    {
        for (int i = 0; i < _gone.Count; i++)
        {
            GroupPlace group = _gone[i];
            if (group.Gid != report.Gid || group.Incarnation != report.Incarnation || !group.IsOn(report.Node)) continue;
            Forget(i, report.Node);
            return Changed();
        }

        return Refuse(ControllerStatus.NotCurrent);
    }

    private void Forget(int gone, string node)
    {
        GroupPlace group = _gone[gone];
        group = group with { Nodes = group.Nodes.RemoveAll(candidate => string.Equals(candidate.Name, node, StringComparison.Ordinal)) };
        if (group.Nodes.IsEmpty) _gone.RemoveAt(gone);
        else _gone[gone] = group;
    }
}
