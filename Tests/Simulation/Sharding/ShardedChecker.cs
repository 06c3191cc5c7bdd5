using Quorleans.KeyValue;
using Quorleans.KeyValue.Controller;
using Quorleans.KeyValue.Handoff;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>Watches a sharded cluster: each group's Raft by a <see cref="Checker"/> of its own, and what the groups decide together by <see cref="ShardFacts"/>.</summary>
internal sealed class ShardedChecker : INodeObserver, IShardingWatch
{
    private readonly Marks _marks;
    private readonly Dictionary<GroupId, Checker> _known = [];
    private readonly List<Checker> _watching = [];
    private ShardedCluster _cluster = null!;
    private long _revision = -1;

    internal ShardedChecker(Marks marks)
    {
        _marks = marks;
        Facts = new ShardFacts(marks, Fail);
    }

    internal ShardFacts Facts { get; }

    /// <summary>What is wrong, or null: the first thing that was.</summary>
    internal Violation? Violation { get; private set; }

    /// <summary>The groups that live, the controller's first.</summary>
    internal IReadOnlyList<Checker> Living { get; private set; } = [];

    internal IEnumerable<Checker> All => _known.Values;

    internal Checker? Find(GroupId group) => _known.GetValueOrDefault(group);

    internal void Fail(string invariant, string what) => Violation ??= new Violation(invariant, what, _cluster.World.NowUs);

    internal void Watch(ShardedCluster cluster)
    {
        _cluster = cluster;
        foreach (SimulatedNode node in cluster.Base.Nodes)
        {
            node.Observer = this;
            node.Failed = OnFailed;
        }

        Know(cluster.Base.Group, cluster.FirstMembers);
        if (cluster.Options.HasFirstGroup) Know(ShardedCluster.FirstGroup, cluster.FirstMembers);
        if (cluster.Options.HasFirstGroup) Facts.Begins(new GroupRef(1, 1), cluster.Options.Shards.ShardCount);
        Living = [.. _watching];
    }

    /// <summary>The first thing that any of the groups' checkers holds.</summary>
    internal Violation? Look()
    {
        foreach (Checker checker in _watching)
            if (checker.Violation is { } violation) Violation ??= violation with { What = $"{checker.Cluster.Group}: {violation.What}" };
        return Violation;
    }

    /// <inheritdoc/>
    public IStateMachine Wrap(SimulatedNode node, GroupId group, IStateMachine machine)
    {
        if (machine is KeyValueStateMachine store)
        {
            return new WatchedMachine(machine, () => store.Digest, entry =>
            {
                if (entry is { } applied) Facts.Applied(store, applied);
            });
        }

        var controller = (ControllerStateMachine)machine;
        return new WatchedMachine(machine, () => controller.Digest, _ => OnMap(controller.Map));
    }

    /// <inheritdoc/>
    public void Effect(SimulatedNode node, GroupRef group, in HandoffEffect effect)
    {
        if (effect.Kind == HandoffEffectKind.Alarm) Fail("a copy is what the source has", $"{group} on {node.Name}: {effect.Text}");
        if (effect.Kind != HandoffEffectKind.Propose) _marks.Reached($"driver: {effect.Kind}");
    }

    private void OnMap(ShardMap map)
    {
        if (map.Revision <= _revision) return;
        _revision = map.Revision;
        foreach (GroupPlace place in map.Groups)
        {
            if (!_known.ContainsKey(ShardedCluster.IdOf(place))) Know(ShardedCluster.IdOf(place), Membership.Initial(place.Nodes.Select(static node => (node.Name, node.NodeId))));
        }

        foreach (GroupPlace place in map.Gone)
            if (Find(ShardedCluster.IdOf(place)) is { IsEnded: false } checker)
            {
                checker.IsEnded = true;
                _marks.Reached("group: gone");
            }

        // An old incarnation is watched until it is nowhere any more.
        _watching.RemoveAll(checker => checker.IsEnded && checker.Violation is null && !_cluster.Base.Nodes.Any(node => node.Core(checker.Cluster.Group.Name)?.Group == checker.Cluster.Group));
        Living = [.. _watching.Where(static checker => !checker.IsEnded)];
        Facts.Planned(map);
    }

    private void Know(GroupId group, Membership initial)
    {
        bool again = _known.Keys.Any(known => known.Name == group.Name);
        SimulatedCluster view = group == _cluster.Base.Group ? _cluster.Base : new SimulatedCluster(_cluster.Base, group, initial);
        IStateMachine empty = _cluster.NewMachine(group);
        Checker checker = new(view, _marks, empty is KeyValueStateMachine store ? store.Digest : ((ControllerStateMachine)empty).Digest);
        foreach (SimulatedNode node in _cluster.Base.Nodes) checker.Know(node);
        _known.Add(group, checker);
        _watching.Add(checker);
        _marks.Reached(again ? "group: comes again under its number" : "group: comes");
    }

    private void OnFailed(SimulatedNode node, Exception reason) => _watching[0].OnFailed(node, reason);

    /// <inheritdoc/>
    public void Started(SimulatedNode node)
    {
        foreach (Checker checker in _watching) checker.Started(node);
    }

    /// <inheritdoc/>
    public void StartFailed(SimulatedNode node, Exception reason) => _watching[0].StartFailed(node, reason);

    /// <inheritdoc/>
    public void Ended(SimulatedNode node)
    {
    }

    /// <inheritdoc/>
    public void Turned(SimulatedNode node)
    {
        foreach (Checker checker in _watching) checker.Turned(node);
    }

    /// <inheritdoc/>
    public void BatchSent(SimulatedNode node)
    {
        foreach (Checker checker in _watching) checker.BatchSent(node);
    }

    /// <inheritdoc/>
    public void BatchDurable(SimulatedNode node)
    {
        foreach (Checker checker in _watching) checker.BatchDurable(node);
    }

    /// <inheritdoc/>
    public void Sends(SimulatedNode node, GroupId group, RaftMessage request) => Find(group)?.Sends(node, group, request);

    /// <inheritdoc/>
    public void Answers(SimulatedNode node, GroupId group, RaftMessage request, RaftRole roleAtArrival, RaftMessage? reply) => Find(group)?.Answers(node, group, request, roleAtArrival, reply);

    /// <inheritdoc/>
    public void Refuses(SimulatedNode node, bool isQuery) => _marks.Reached(isQuery ? "leader: a batch of reads, refused as busy" : "leader: a batch of writes, refused as busy");

    /// <inheritdoc/>
    public void Hears(SimulatedNode node, GroupId group, RaftMessage request, RaftMessage? reply) => Find(group)?.Hears(node, group, request, reply);
}
