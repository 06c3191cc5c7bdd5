using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>Reaches the nodes of a cluster of processes, each at its own HTTP address.</summary>
/// <param name="configuration">The cluster.</param>
/// <param name="reach">Reaches the process at an address.</param>
internal sealed class ProcessNodeAdmin(ClusterConfiguration configuration, Func<Endpoint, INodeAdmin> reach) : INodeAdmin
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodeReport>> ListAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(configuration.Nodes.Select(node => FindAsync(node, cancellationToken)));

    /// <inheritdoc/>
    public async Task<NodeReport> StopAsync(string node, bool abrupt, CancellationToken cancellationToken)
    {
        INodeAdmin process = reach(At(Find(node)));
        using IDisposable? owned = process as IDisposable;
        return await process.StopAsync(node, abrupt, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<NodeReport> StartAsync(string node, CancellationToken cancellationToken)
    {
        ConfiguredNode configured = Find(node);
        throw new ClientException($"node {configured.Name} is a process of its own: start it on its machine with Silo --config {configuration.Source} --node {configured.Name}, or let its supervisor");
    }

    // A process that is not there is what a person looks for in the list.
    private async Task<NodeReport> FindAsync(ConfiguredNode node, CancellationToken cancellationToken)
    {
        INodeAdmin process = reach(At(node));
        using IDisposable? owned = process as IDisposable;
        try
        {
            return (await process.ListAsync(cancellationToken).WaitAsync(Patience, cancellationToken)).Single(report => report.Node == node.Name);
        }
        catch (Exception e) when (e is ClientException or TimeoutException or InvalidOperationException)
        {
            string detail = e is ClientException { InnerException: HttpRequestException } ? $"nothing answers at {node.HttpUri}" : e.Message;
            return new NodeReport(node.Name, "Down", node.GatewayEndPoint.ToString(), node.Silo, node.Data, detail);
        }
    }

    private ConfiguredNode Find(string node)
    {
        try
        {
            return configuration.Find(node);
        }
        catch (ClusterException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    private static Endpoint At(ConfiguredNode node) => new(node.Address.ToString(), node.Http);
}
