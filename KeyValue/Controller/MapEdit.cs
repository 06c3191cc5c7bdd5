using System.Collections.Immutable;
using System.Globalization;

namespace Quorleans.KeyValue.Controller;

/// <summary>
/// One entry's changes to the map, on copies: refused ones are thrown away. After each change the moves that it calls for are planned and the groups
/// that nothing needs any more are gone, so that the map is settled at every index.
/// </summary>
/// <param name="map">The map before.</param>
/// <param name="options">The controller's options.</param>
/// <param name="index">The entry's index: the id of the moves and the incarnation of the groups that it makes.</param>
internal sealed partial class MapEdit(ShardMap map, ControllerOptions options, long index)
{
    private readonly ShardPlace[] _shards = [.. map.Shards];
    private readonly List<GroupPlace> _groups = [.. map.Groups];
    private readonly List<GroupPlace> _gone = [.. map.Gone];
    private readonly List<ControllerNode> _nodes = [.. map.Nodes];

    /// <summary>Whether the map is another one.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Whether targets, groups or their nodes are others: then the configuration gets the next number.</summary>
    public bool IsConfigurationChanged { get; private set; }

    private long Number => IsConfigurationChanged ? map.Number + 1 : map.Number;

    private ControllerResult Done => new(ControllerStatus.Ok, Number);

    /// <summary>Carries a command out.</summary>
    public ControllerResult Execute(ControllerCommand command) => command switch
    {
        JoinCommand join => Join(join.Groups),
        LeaveCommand leave => Leave(leave.Gids),
        MoveCommand move => Move(move.Shard, move.Gid),
        RebalanceCommand => Rebalance(),
        MoveOverCommand over => MoveOver(over),
        GroupActiveCommand active => Activate(active),
        MembersChangedCommand members => ChangeMembers(members),
        GroupCleanedCommand cleaned => Clean(cleaned),
        RegisterNodeCommand register => Register(register.Node),
        RemoveNodeCommand remove => Remove(remove.Name),
        _ => throw new ArgumentException($"{command.GetType().Name} is no command.", nameof(command)),
    };

    /// <summary>The map after it.</summary>
    public ShardMap Build() => new(index, Number, [.. _shards], [.. _groups], [.. _gone], [.. _nodes]);

    /// <summary>The configuration after it.</summary>
    public ShardConfiguration BuildConfiguration(long number)
    {
        ImmutableArray<int>.Builder shards = ImmutableArray.CreateBuilder<int>(_shards.Length);
        foreach (ShardPlace shard in _shards) shards.Add(shard.Target);
        ImmutableArray<ConfigurationGroup>.Builder groups = ImmutableArray.CreateBuilder<ConfigurationGroup>(_groups.Count);
        foreach (GroupPlace group in _groups)
        {
            if (!group.IsMember) continue;
            ImmutableArray<string>.Builder nodes = ImmutableArray.CreateBuilder<string>(group.Nodes.Length);
            foreach (ControllerNode node in group.Nodes) nodes.Add(node.Name);
            groups.Add(new ConfigurationGroup(group.Gid, group.Incarnation, nodes.MoveToImmutable()));
        }

        return new ShardConfiguration(number, shards.MoveToImmutable(), groups.DrainToImmutable());
    }

    private ControllerResult Refuse(ControllerStatus status, string subject = "") => new(status, map.Number, subject);

    private ControllerResult Refuse(ControllerStatus status, int subject) => Refuse(status, subject.ToString(CultureInfo.InvariantCulture));

    private ControllerResult Configured()
    {
        IsChanged = IsConfigurationChanged = true;
        Settle();
        return Done;
    }

    private ControllerResult Changed()
    {
        IsChanged = true;
        Settle();
        return Done;
    }

    private int PlaceOf(int gid)
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            if (_groups[i].Gid == gid) return i;
        }

        return -1;
    }

    private GroupPlace? Bearing(string node)
    {
        foreach (GroupPlace group in _groups)
        {
            if (group.IsOn(node)) return group;
        }

        return null;
    }

    private int MemberCount()
    {
        int count = 0;
        foreach (GroupPlace group in _groups) count += group.IsMember ? 1 : 0;
        return count;
    }
}
