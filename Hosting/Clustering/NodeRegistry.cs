using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// The nodes of a running cluster: those of the configuration file, and those that were added to it and removed from it since, which the group <c>members</c> remembers.
/// For tools; silos follow it by themselves.
/// </summary>
public sealed class NodeRegistry : IDisposable
{
    private static readonly TimeSpan FindPatience = TimeSpan.FromSeconds(5);
    private readonly PeerClient _peers;
    private readonly MembersClient _members;

    /// <summary>Creates the registry's client; nothing is sent yet.</summary>
    /// <param name="configuration">The configuration file's cluster. One of its nodes must be reachable.</param>
    /// <param name="patience">How long the group is tried before a call fails; where nothing listens at any node, it fails at once.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public NodeRegistry(ClusterConfiguration configuration, TimeSpan patience, TimeProvider? time = null)
    {
        _peers = new PeerClient(configuration, time ?? TimeProvider.System);
        _members = new MembersClient(_peers, time ?? TimeProvider.System) { Patience = patience, NeedsAListener = true };
    }

    /// <summary>The cluster as it is now.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The configuration with the nodes added since, and without those removed.</returns>
    /// <exception cref="ClusterException">Nobody answered for the group in time.</exception>
    public async Task<ClusterConfiguration> ReadAsync(CancellationToken cancellationToken = default)
    {
        _peers.Learn(await _members.ReadNodesAsync(cancellationToken).ConfigureAwait(false));
        return _peers.Configuration;
    }

    /// <summary>Adds a node, which may start afterwards. Done already, it does nothing.</summary>
    /// <param name="node">The node; where its data lies is its own machine's affair.</param>
    /// <param name="cancellationToken">Gives up; whether it then happens is open.</param>
    /// <exception cref="ClusterException">Its name or a port of it is in use or wrong, or nobody answered for the group in time.</exception>
    public async Task AddAsync(ConfiguredNode node, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ClusterConfiguration now = await ReadAsync(cancellationToken).ConfigureAwait(false);
        MemberNode added = new(node.Name, node.Address.ToString(), node.Silo, node.Gateway, node.Http, node.Peer);
        if (now.Removed.Contains(node.Name)) throw WasRemoved(node.Name);
        if (now.Nodes.FirstOrDefault(known => known.Name == node.Name) is { } same && Of(same) != added)
            throw new ClusterException(ClusterError.Configuration, $"There is a node '{node.Name}' already, at {same.Address} with silo port {same.Silo}, gateway {same.Gateway}, http {same.Http} and peer {same.Peer}. Choose another name.");
        ClusterConfigurationFile.Check([.. now.Nodes.Where(known => known.Name != node.Name), node], "");
        if (now.Nodes.Count >= ClusterConfiguration.MaximumNodes && now.Nodes.All(known => known.Name != node.Name))
            throw new ClusterException(ClusterError.Configuration, $"The cluster has {now.Nodes.Count} nodes; more are not possible. Remove one first.");
        switch (await _members.ExecuteAsync(new AddNode(added), cancellationToken).ConfigureAwait(false))
        {
            case MembersStatus.Done: return;
            case MembersStatus.Removed: throw WasRemoved(node.Name);
            case MembersStatus.Full: throw new ClusterException(ClusterError.Configuration, $"{MembersLimits.MaxNodes} nodes were added; more are not possible. Remove one first.");
            default: throw new ClusterException(ClusterError.Configuration, $"Another node has the name '{node.Name}' or one of its ports; somebody else has just added it. Look at the nodes, and choose others.");
        }
    }

    /// <summary>
    /// Removes a node for good: its process ends, and its name is never used again. The caller has seen to it that the node hosts nothing. Done already, it does nothing.
    /// </summary>
    /// <param name="node">The node's name.</param>
    /// <param name="cancellationToken">Gives up; whether it then happens is open.</param>
    /// <exception cref="ClusterException">There is no such node, or nobody answered for the group in time.</exception>
    public async Task RemoveAsync(string node, CancellationToken cancellationToken = default)
    {
        ClusterConfiguration now = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (now.Removed.Contains(node)) return;
        now.Find(node);
        if (await _members.ExecuteAsync(new RemoveNode(node), cancellationToken).ConfigureAwait(false) != MembersStatus.Done)
            throw new ClusterException(ClusterError.WrongState, $"{MembersLimits.MaxRemovedNodes} nodes were removed in the cluster's life, and no more names can be kept. Stop the node and leave it in the list.");
    }

    /// <inheritdoc/>
    public void Dispose() => _peers.Dispose();

    /// <summary>
    /// The configuration for a process that shall be a node: with that node in it, though the file may not name it. What is known on the node's own disk comes first, so that a
    /// cluster can also start as a whole on nodes that were added.
    /// </summary>
    /// <param name="configuration">The file's.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The cluster has no such node, or it was removed, or the cluster cannot be asked.</exception>
    public static async Task<ClusterConfiguration> FindAsync(ClusterConfiguration configuration, string node, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.Nodes.Any(known => known.Name == node)) return configuration;
        if (!ClusterConfigurationFile.IsName(node)) configuration.Find(node);
        ClusterConfiguration kept = configuration.With(NodesFile.Read(Path.Combine(configuration.DataFolder, node)));
        if (kept.Nodes.Any(known => known.Name == node)) return kept;
        using NodeRegistry registry = new(kept, FindPatience);
        try
        {
            ClusterConfiguration now = await registry.ReadAsync(cancellationToken).ConfigureAwait(false);
            now.Find(node);
            return now;
        }
        catch (ClusterException cause) when (cause.Error == ClusterError.MembersUnavailable)
        {
            throw new ClusterException(ClusterError.UnknownNode,
                $"There is no node '{node}' in '{configuration.Source}', and whether it was added to the running cluster cannot be asked: {cause.Message} The nodes are {string.Join(", ", kept.Nodes.Select(static known => known.Name))}. Correct the name, or start it again when the cluster is up.", cause);
        }
    }

    internal static ClusterException WasRemoved(string node) =>
        new(ClusterError.Removed, $"Node '{node}' was removed from the cluster, and its name is not used again. Add the machine under another name, with an empty data directory.");

    private static MemberNode Of(ConfiguredNode node) => new(node.Name, node.Address.ToString(), node.Silo, node.Gateway, node.Http, node.Peer);
}
