using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>Some nodes with one group on all of them.</summary>
public sealed class SimulatedCluster
{
    /// <summary>Creates nodes <c>n1</c>, <c>n2</c>… with empty disks; none is started.</summary>
    /// <param name="world">Where they live.</param>
    /// <param name="count">How many.</param>
    /// <param name="options">How they are set up.</param>
    /// <param name="model">The network.</param>
    /// <param name="group">The group's name.</param>
    /// <param name="spares">How many more nodes there are, which the group does not begin with.</param>
    public SimulatedCluster(World world, int count, SimulatedNodeOptions options, INetworkModel? model = null, string group = "g1", int spares = 0)
    {
        ArgumentNullException.ThrowIfNull(world);
        World = world;
        Group = new GroupId(group, 1);
        Network = new SimulatedNetwork(world, model ?? new ReliableNetwork());
        SimulatedNode[] nodes = new SimulatedNode[count + spares];
        for (int i = 0; i < nodes.Length; i++) nodes[i] = new SimulatedNode(world, Network, $"n{i + 1}", options);
        Nodes = nodes;
        Initial = Membership.Initial(nodes.Take(count).Select(node => (node.Name, node.NodeId)));
    }

    /// <summary>Looks at another group on nodes that there are.</summary>
    /// <param name="cluster">The nodes.</param>
    /// <param name="group">The group.</param>
    /// <param name="initial">The configuration that it begins with.</param>
    public SimulatedCluster(SimulatedCluster cluster, GroupId group, Membership initial)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        (World, Network, Nodes, Group, Initial) = (cluster.World, cluster.Network, cluster.Nodes, group, initial);
    }

    /// <summary>Called when a node has started, whoever started it.</summary>
    public Action<SimulatedNode>? Started { get; init; }

    /// <summary>Where they live.</summary>
    public World World { get; }

    /// <summary>The group.</summary>
    public GroupId Group { get; }

    /// <summary>What connects them.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<SimulatedNode> Nodes { get; }

    /// <summary>The configuration that the group begins with.</summary>
    public Membership Initial { get; }

    /// <summary>The running leader of the highest term, or null.</summary>
    public SimulatedNode? Leader
    {
        get
        {
            SimulatedNode? leader = null;
            foreach (SimulatedNode node in Nodes)
                if (node.Core(Group.Name) is { Role: RaftRole.Leader } core && core.Group == Group && node.Failure(Group.Name) is null
                    && (leader is null || core.Term > leader.Core(Group.Name)!.Term)) leader = node;
            return leader;
        }
    }

    /// <summary>Starts every node.</summary>
    public void Start()
    {
        foreach (SimulatedNode node in Nodes) Start(node);
    }

    /// <summary>Starts one node, and creates its replica when it never had one.</summary>
    /// <param name="node">The node.</param>
    /// <returns>False when it cannot start; see <see cref="SimulatedNode.StartFailure"/>.</returns>
    public bool Start(SimulatedNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (!node.Start()) return false;
        node.CreateGroup(Group, Initial);
        Started?.Invoke(node);
        return true;
    }
}
