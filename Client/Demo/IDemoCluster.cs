namespace Quorleans.Client;

/// <summary>The cluster of a demonstration: a few nodes in this process, on a directory of their own.</summary>
internal interface IDemoCluster : IAsyncDisposable
{
    /// <summary>The nodes' names.</summary>
    IReadOnlyList<string> Nodes { get; }

    /// <summary>Where a browser finds the dashboard; null until the cluster has started.</summary>
    Uri? Dashboard { get; }

    /// <summary>Starts all nodes on free ports and waits until they serve.</summary>
    /// <param name="directory">Where the nodes keep their data.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task StartAsync(string directory, CancellationToken cancellationToken);

    /// <summary>Connects a client of its own, through the gateways, as any other process would.</summary>
    Task<ICluster> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Stops a node as if it had crashed: no hand-over, no flush, its connections cut.</summary>
    Task StopNodeAsync(string node, CancellationToken cancellationToken);

    /// <summary>Starts a stopped node on its old data.</summary>
    Task StartNodeAsync(string node, CancellationToken cancellationToken);

    /// <summary>Stops all nodes at once, each as if it had crashed; <see cref="StartAsync"/> starts them again.</summary>
    Task StopAllAsync(CancellationToken cancellationToken);
}
