using Orleans.Dashboard;
using Quorleans.Hosting;

namespace Quorleans.Client.Demo;

/// <summary>The demonstration on a real embedded cluster.</summary>
internal sealed class EmbeddedDemoCluster : IDemoCluster
{
    private EmbeddedCluster? _cluster;
    private DemoDashboard? _dashboard;

    /// <inheritdoc/>
    public IReadOnlyList<string> Nodes => ["n1", "n2", "n3"];

    /// <inheritdoc/>
    public Uri? Dashboard => _dashboard?.Address;

    private EmbeddedCluster Running => _cluster ?? throw new InvalidOperationException("the cluster has not been started");

    /// <inheritdoc/>
    public async Task StartAsync(string directory, CancellationToken cancellationToken)
    {
        _cluster ??= new EmbeddedCluster(new EmbeddedClusterOptions
        {
            DataDirectory = directory,
            SiloPort = 0,
            GatewayPort = 0,
            ConfigureSilo = (_, silo) => silo.AddDashboard(),
        });
        try
        {
            await _cluster.StartAsync(cancellationToken);
            _dashboard ??= await DemoDashboard.StartAsync(_cluster, cancellationToken);
        }
        catch (ClusterException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public Task<ICluster> ConnectAsync(CancellationToken cancellationToken) =>
        new OrleansConnector().ConnectAsync(new ConnectOptions { Gateways = string.Join(',', Running.Gateways) }, cancellationToken);

    /// <inheritdoc/>
    public Task StopNodeAsync(string node, CancellationToken cancellationToken) =>
        Running.StopNodeAsync(node, abrupt: true, cancellationToken);

    /// <inheritdoc/>
    public Task StartNodeAsync(string node, CancellationToken cancellationToken) => Running.StartNodeAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task StopAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Nodes.Select(node => StopNodeAsync(node, cancellationToken)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_dashboard is not null) await _dashboard.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
    }
}
