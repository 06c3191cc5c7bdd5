using System.Net;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Hosting;

/// <summary>
/// A whole cluster in this process: several nodes, each in an Orleans silo of its own, on loopback. Any of them can be stopped and
/// started again; the membership table belongs to the process.
/// </summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private readonly List<EmbeddedNode> _nodes = [];
    private const int DefaultReplicas = 3;
    private const int MaximumNodes = 9;
    private readonly Lock _describing = new();
    private ClusterDescription? _description;

    /// <summary>Prepares a cluster: reads its description, if there is one. Nothing is created before <see cref="StartAsync"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ClusterException">An option is out of its range, or does not fit the data directory.</exception>
    public EmbeddedCluster(EmbeddedClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Nodes is < 1 or > MaximumNodes)
            throw new ClusterException(ClusterError.InvalidOption, $"The number of nodes is {options.Nodes}; it must be 1 to {MaximumNodes}.");
        Options = options;
        _description = ClusterFile.Read(options.DataDirectory);
        if (options.Replicas is { } replicas && (replicas < 1 || replicas > (options.Nodes ?? MaximumNodes)))
            throw new ClusterException(ClusterError.InvalidOption, $"The number of replicas is {replicas}; it must be 1 to the number of nodes, {options.Nodes ?? MaximumNodes}.");
        string[] names = [.. Enumerable.Range(1, CountNodes()).Select(static i => $"n{i}")];

        MapReduceShare share = new(options.MapReduce);
        int[] free = LoopbackPorts.FindFree(2 * names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            string name = names[i];
            _nodes.Add(new EmbeddedNode(this, new NodeOptions
            {
                Name = name,
                DataDirectory = Path.Combine(options.DataDirectory, name),
                SiloPort = options.SiloPort == 0 ? free[2 * i] : options.SiloPort + i,
                GatewayPort = options.GatewayPort == 0 ? free[(2 * i) + 1] : options.GatewayPort + i,
                MapReduce = share,
            }));
        }
    }

    /// <summary>What it is made of.</summary>
    public EmbeddedClusterOptions Options { get; }

    /// <summary>Orleans' membership table.</summary>
    public ProcessMembershipTable MembershipTable { get; } = new();

    /// <summary>What was fixed when the cluster was created; creates it at the first look.</summary>
    public ClusterDescription Description
    {
        get
        {
            lock (_describing) return _description ??= ClusterFile.Create(Options.DataDirectory, [.. _nodes.Take(Options.Replicas ?? DefaultReplicas).Select(static node => node.Options)]);
        }
    }

    // The first ones are those that the cluster was created with; more were added since, and have their directories beside.
    private int CountNodes()
    {
        if (_description is not { } found) return Options.Nodes ?? Math.Max(DefaultReplicas, Options.Replicas ?? 0);
        int count = found.Nodes.Count;
        while (count < MaximumNodes && NodeDirectory.Peek(Path.Combine(Options.DataDirectory, $"n{count + 1}")) is not null) count++;
        if (Options.Nodes < count)
        {
            throw new ClusterException(ClusterError.DataDirectory,
                $"The data directory '{Options.DataDirectory}' holds a cluster of {count} nodes, not {Options.Nodes}. Start it with {count} or more, or use another directory.");
        }

        return Options.Nodes ?? count;
    }

    /// <summary>The nodes as they stand.</summary>
    public IReadOnlyList<NodeStatus> Nodes => [.. _nodes.Select(static node => node.Status)];

    /// <summary>Where clients reach the nodes, whether they run or not.</summary>
    public IReadOnlyList<IPEndPoint> Gateways => [.. _nodes.Select(static node => node.Options.Gateway)];

    /// <summary>Starts every node that does not run.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">A node cannot start; those that could are stopped again.</exception>
    /// <exception cref="NodeDirectoryException">A node's data directory was refused; the same.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        // Creation writes and syncs: not on the caller's thread, and once, before the nodes ask for it side by side.
        await Task.Run(() => Description, cancellationToken);
        EmbeddedNode[] nodes = [.. _nodes.Where(static node => node.Status.State != NodeState.Running)];
        try
        {
            // A taken port or a damaged directory shows here, before any silo has been started for nothing.
            await Task.WhenAll(nodes.Select(node => node.OpenAsync(cancellationToken)));
            if (nodes.Length == _nodes.Count) MembershipTable.DeclareAllDead();
            // One after the other: silos that join at the same time collide in the membership table, and Orleans then pauses one of them for seconds.
            foreach (EmbeddedNode node in nodes) await node.JoinAsync(cancellationToken);
        }
        catch
        {
            foreach (EmbeddedNode node in nodes)
                if (node.Status.State is NodeState.Starting) await node.StopAsync(abrupt: true, CancellationToken.None);
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Stops every node gracefully.</summary>
    /// <param name="cancellationToken">Makes what is left of it abrupt.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        // One after the other, as they started; and nothing is handed over: nobody stays to take it.
        foreach (EmbeddedNode node in _nodes)
            if (node.Status.State is not NodeState.Stopped) await node.StopAsync(abrupt: false, cancellationToken, handOver: false);
    }

    /// <summary>Stops every node gracefully, then starts them all.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync(cancellationToken);
        await StartAsync(cancellationToken);
    }

    /// <summary>Stops one node.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="abrupt">
    /// As if its process had been killed, as far as one process can play that: its connections are cut at once, nothing is handed over,
    /// flushed or said to the other silos.
    /// </param>
    /// <param name="cancellationToken">Makes a graceful stop abrupt.</param>
    /// <exception cref="ClusterException">There is no such node, or it does not run.</exception>
    public Task StopNodeAsync(string node, bool abrupt = false, CancellationToken cancellationToken = default) =>
        Find(node).StopAsync(abrupt, cancellationToken);

    /// <summary>Starts one node, with the data, the name and the ports that it had.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">There is no such node, it runs already, or it cannot start.</exception>
    public Task StartNodeAsync(string node, CancellationToken cancellationToken = default) => Find(node).StartAsync(cancellationToken);

    /// <summary>The services of a node's silo, or null while it does not run.</summary>
    /// <param name="node">Its name.</param>
    /// <exception cref="ClusterException">There is no such node.</exception>
    public IServiceProvider? GetServices(string node) => Find(node).Services;

    /// <summary>Every replica of a group on the nodes that run, as it stands.</summary>
    /// <param name="group">The group's name, such as <c>g1</c>.</param>
    public async Task<IReadOnlyList<ReplicaStatus>> GetReplicasAsync(string group)
    {
        var replicas = new List<ReplicaStatus>();
        foreach (EmbeddedNode node in _nodes)
            if (node.Service is { } service) replicas.Add(await service.DescribeAsync(group));
        return replicas;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (EmbeddedNode node in _nodes) await node.DisposeAsync();
    }

    internal async Task OnEvictedAsync(EmbeddedNode node)
    {
        if (!Options.RestartEvictedNodes) return;
        try
        {
            await node.StartAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Its status says Failed and why, or somebody else was quicker. It can be started by hand.
        }
    }

    private EmbeddedNode Find(string name) =>
        _nodes.Find(node => node.Options.Name == name)
        ?? throw new ClusterException(ClusterError.UnknownNode,
            $"There is no node '{name}'. The nodes are {string.Join(", ", _nodes.Select(static node => node.Options.Name))}.");
}
