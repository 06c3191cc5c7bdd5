using Quorleans.KeyValue;
using Quorleans.KeyValue.Controller;
using Quorleans.KeyValue.Handoff;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>Sees what the groups of a sharded cluster do.</summary>
public interface IShardingWatch
{
    /// <summary>Puts something around a state machine, to see what is done to it.</summary>
    IStateMachine Wrap(SimulatedNode node, GroupId group, IStateMachine machine);

    /// <summary>A driver of hand-offs wants something.</summary>
    void Effect(SimulatedNode node, GroupRef group, in HandoffEffect effect);
}

/// <summary>A state machine with another one inside.</summary>
public interface IWrappedMachine : IStateMachine
{
    /// <summary>The one inside.</summary>
    IStateMachine Inner { get; }
}

/// <summary>How a sharded cluster is set up.</summary>
public sealed record ShardedClusterOptions
{
    /// <summary>Its shard function.</summary>
    public required ShardFunction Shards { get; init; }

    /// <summary>The limits of its stores.</summary>
    public KeyValueLimits Limits { get; init; } = KeyValueLimits.Default;

    /// <summary>Whether a group 1 owns all shards from the beginning, on the controller's nodes. Otherwise there is no group, and all may leave.</summary>
    public bool HasFirstGroup { get; init; } = true;

    /// <summary>The limits of its shard controller.</summary>
    public ControllerLimits Controller { get; init; } = ControllerLimits.Default;

    /// <summary>How large the steps of hand-offs are.</summary>
    public HandoffLimits Handoff { get; init; } = HandoffLimits.Default;

    /// <summary>How hand-offs are driven.</summary>
    public HandoffDriverOptions Driver { get; init; } = HandoffDriverOptions.Default;

    /// <summary>Who watches, or null.</summary>
    public IShardingWatch? Watch { get; init; }
}

/// <summary>
/// A sharded cluster: nodes that bear the shard controller's group and, as it says, groups of stores. Only what carries calls is simulated; what decides is
/// the product's own.
/// </summary>
public sealed class ShardedCluster
{
    private readonly Dictionary<SimulatedNode, NodeSharding> _shardings = [];
    private readonly Membership _firstMembers;

    /// <summary>Creates the nodes; none is started. The shard controller's group begins on the first ones.</summary>
    /// <param name="world">Where they live.</param>
    /// <param name="controllers">How many nodes bear the controller.</param>
    /// <param name="others">How many more there are.</param>
    /// <param name="nodes">How they are set up, but for their state machines.</param>
    /// <param name="options">How the cluster is set up.</param>
    /// <param name="model">The network.</param>
    public ShardedCluster(World world, int controllers, int others, Func<Func<SimulatedNode, GroupId, IStateMachine>, SimulatedNodeOptions> nodes, ShardedClusterOptions options, INetworkModel? model = null)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        Options = options;
        Base = new SimulatedCluster(world, controllers, nodes(MakeMachine), model, GroupNames.Controller, others) { Started = OnStarted };
        ControllerNodes = [.. Base.Nodes.Take(controllers).Select(static node => node.Name)];
        _firstMembers = Base.Initial;
    }

    /// <summary>The nodes, and the controller's group on them.</summary>
    public SimulatedCluster Base { get; }

    /// <summary>How it is set up.</summary>
    public ShardedClusterOptions Options { get; }

    /// <summary>Where the controller's group began.</summary>
    public IReadOnlyList<string> ControllerNodes { get; }

    /// <summary>Where they live.</summary>
    public World World => Base.World;

    /// <summary>What connects them.</summary>
    public SimulatedNetwork Network => Base.Network;

    /// <summary>The members of the first groups.</summary>
    public Membership FirstMembers => _firstMembers;

    /// <summary>The group that owns all shards at first, when there is one.</summary>
    public static GroupId FirstGroup { get; } = new(GroupNames.Of(1), 1);

    /// <summary>A group as Raft names it.</summary>
    public static GroupId IdOf(in GroupPlace place) => new(GroupNames.Of(place.Gid), place.Incarnation);

    /// <summary>The store of a node's replica, or null.</summary>
    public static KeyValueStateMachine? StoreOf(SimulatedNode node, GroupId group)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Core(group.Name) is { } core && core.Group == group && node.Machine(group.Name) is IWrappedMachine { Inner: KeyValueStateMachine store } ? store : null;
    }

    /// <summary>The controller's newest map as the node with its leader has it; null when nobody leads.</summary>
    public ShardMap? Map => Base.Leader?.Machine(GroupNames.Controller) is IWrappedMachine { Inner: ControllerStateMachine machine } ? machine.Map : null;

    internal NodeSharding? ShardingOf(SimulatedNode node) => node.IsUp ? _shardings.GetValueOrDefault(node) : null;

    private void OnStarted(SimulatedNode node)
    {
        if (Options.HasFirstGroup) node.CreateGroup(FirstGroup, _firstMembers);
        _shardings[node] = new NodeSharding(this, node);
    }

    private IStateMachine MakeMachine(SimulatedNode node, GroupId group)
    {
        IStateMachine machine = NewMachine(group);
        return Options.Watch?.Wrap(node, group, machine) ?? new PlainMachine(machine);
    }

    /// <summary>An empty state machine of a group.</summary>
    internal IStateMachine NewMachine(GroupId group)
    {
        if (group.Name != GroupNames.Controller)
        {
            if (!GroupNames.TryParse(group.Name, out int gid)) throw new ArgumentException($"{group.Name} is no group of a sharded cluster.", nameof(group));
            return new KeyValueStateMachine(Options.Shards, Options.Limits, new GroupRef(gid, group.Incarnation), Options.HasFirstGroup && group == FirstGroup, Options.Handoff);
        }

        return new ControllerStateMachine(new ControllerOptions
        {
            ShardCount = Options.Shards.ShardCount, MayBeEmpty = !Options.HasFirstGroup, Limits = Options.Controller,
            Nodes = [.. _firstMembers.Voters.Select(static voter => new ControllerNode(voter.Node, voter.NodeId))],
            Groups = Options.HasFirstGroup ? [new JoiningGroup(1, [.. _firstMembers.Voters.Select(static voter => voter.Node)])] : [],
        });
    }

    private sealed class PlainMachine(IStateMachine inner) : IWrappedMachine
    {
        public IStateMachine Inner => inner;

        public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult) => inner.Apply(entry, wantResult);

        public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request) => inner.Query(request);

        public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery) => inner.Validate(payload, isQuery);

        public ISnapshotView Capture() => inner.Capture();

        public object Load(Stream source, CancellationToken cancellationToken) => inner.Load(source, cancellationToken);

        public void Install(object loaded) => inner.Install(loaded);
    }
}
