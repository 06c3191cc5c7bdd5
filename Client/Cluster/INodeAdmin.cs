using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>Stops and starts the nodes of an embedded cluster.</summary>
internal interface INodeAdmin
{
    /// <summary>The nodes and what they are doing.</summary>
    Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Stops a node and waits until it is down.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="abrupt">Without hand-over and flush, its connections cut.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<NodeReport> StopAsync(string node, bool abrupt, CancellationToken cancellationToken);

    /// <summary>Starts a node and waits until it is up.</summary>
    Task<NodeReport> StartAsync(string node, CancellationToken cancellationToken);
}
