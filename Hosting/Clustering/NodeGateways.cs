using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Hosting;

/// <summary>
/// An Orleans client of its own for each node's gateway, 16 at most and those that the cluster began on first, opened beside the client that a host has: see <see cref="INodeGateways"/>. They open in the
/// background, a little after the host has started, so that a client which does one thing and ends does not pay for them. Nodes that are added to the cluster later get theirs, as soon as the host has heard of them.
/// </summary>
/// <param name="peers">Knows which nodes there are; the list of gateways keeps it up to date.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of what does not open.</param>
public sealed partial class NodeGateways(PeerClient peers, TimeProvider time, ILogger<NodeGateways> logger) : INodeGateways, IHostedService, IDisposable
{
    // Each costs some timers and a few MB. In a larger cluster the other nodes are reached by these gateways.
    private const int Most = 16;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<IHost> _hosts = [];
    private Task _opening = Task.CompletedTask;
    private volatile IReadOnlyList<NodeGateway> _open = [];

    /// <inheritdoc/>
    public IReadOnlyList<NodeGateway> Open => _open;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _opening = FollowAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _opening.ConfigureAwait(false);
        await Task.WhenAll(Take().Select(StopAsync)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_stop.IsCancellationRequested) _stop.Cancel();
        foreach (IHost host in Take()) host.Dispose();
        _stop.Dispose();
    }

    /// <summary>The nodes whose gateways are to be opened next.</summary>
    /// <param name="now">The cluster as it is now.</param>
    /// <param name="open">The names of those whose gateways are open, or opening.</param>
    internal static ConfiguredNode[] Missing(ClusterConfiguration now, IReadOnlySet<string> open) =>
        [.. now.Founders.Union(now.Nodes).Where(node => !open.Contains(node.Name)).Take(Math.Max(0, Most - open.Count))];

    private async Task FollowAsync()
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        List<Task> opening = [];
        try
        {
            await Task.Delay(Delay, time, _stop.Token).ConfigureAwait(false);
            while (true)
            {
                foreach (ConfiguredNode node in Missing(peers.Configuration, known))
                {
                    known.Add(node.Name);
                    opening.Add(OpenAsync(node));
                }

                await Task.Delay(Look, time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped.
        }

        await Task.WhenAll(opening).ConfigureAwait(false);
    }

    private async Task OpenAsync(ConfiguredNode node)
    {
        try
        {
            // A node that is down is waited for; one that is paused takes the connection and says nothing, so that the start is given up and begun again.
            IHost host = Build(node);
            lock (_lock) _hosts.Add(host);
            await host.StartAsync(_stop.Token).ConfigureAwait(false);
            NodeGateway gateway = new(node.Name, host.Services.GetRequiredService<IGrainFactory>(), host.Services.GetRequiredService<ConnectionWatch>());
            lock (_lock) _open = [.. _open, gateway];
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped before it was open.
        }
#pragma warning disable CA1031 // The client's own connections serve all nodes; these only make some failures shorter.
        catch (Exception cause)
#pragma warning restore CA1031
        {
            LogNotOpened(logger, node.Name, cause);
        }
    }

    private IHost Build(ConfiguredNode node)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        builder.Services.AddSingleton<ConnectionWatch>();
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(static services => services.GetRequiredService<ConnectionWatch>());
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(new IPEndPoint(node.Address, node.Gateway));
            client.Configure<ClusterOptions>(static options => (options.ClusterId, options.ServiceId) = (OrleansIds.ClusterId, OrleansIds.ServiceId));
            client.Configure<GatewayOptions>(static options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ConnectionOptions>(static options =>
            {
                options.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
                options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
            });
            client.Configure<ClientMessagingOptions>(static options => options.MaxMessageBodySize = 8 * 1024 * 1024);
            client.UseConnectionRetryFilter(async (_, cancellationToken) =>
            {
                await Task.Delay(RetryPause, time, cancellationToken).ConfigureAwait(false);
                return true;
            });
        });
        return builder.Build();
    }

    private IHost[] Take()
    {
        lock (_lock)
        {
            IHost[] hosts = [.. _hosts];
            _hosts.Clear();
            _open = [];
            return hosts;
        }
    }

    private static async Task StopAsync(IHost host)
    {
        using CancellationTokenSource limit = new(StopPatience);
        try
        {
            await host.StopAsync(limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Its node may be gone; then there is nobody to say goodbye to.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        // Not waited for: it may hang on what does not answer.
        _ = Task.Run(host.Dispose);
    }

    [LoggerMessage(41, LogLevel.Warning, "The gateway of node {Node} has no connection of its own; it is reached by the others'.")]
    private static partial void LogNotOpened(ILogger logger, string node, Exception cause);
}
