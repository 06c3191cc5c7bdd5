using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;

namespace Quorleans.Client;

/// <summary>Connects as an Orleans client, through gateways given by address.</summary>
internal sealed class OrleansConnector : IClusterConnector
{
    private const string HowToStart = "start one with: dotnet run -c Release --project Silo";

    // Orleans takes its time over a gateway that is not there; a user who forgot to start the cluster shall know at once.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    // A client begins by asking one gateway what there is. One that is paused takes the connection and the question, and says nothing until Orleans evicts its silo; so another one is asked after a while.
    private static readonly TimeSpan StartSilence = TimeSpan.FromSeconds(1);
    private const int MaxStarts = 4;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public async Task<ICluster> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        ClusterConfiguration? configuration = options.Config is { } config ? await EffectiveConfiguration.ReadAsync(config, ProbeTimeout, cancellationToken) : null;
        IReadOnlyList<Endpoint> endpoints = configuration is null
            ? Endpoint.TryParseList(options.Gateways, out IReadOnlyList<Endpoint> given, out string? problem) ? given : throw ClientException.Usage(problem)
            : [.. configuration.Nodes.Select(static node => new Endpoint(node.Address.ToString(), node.Gateway))];
        IPEndPoint[] gateways = await ProbeAsync(endpoints, options, cancellationToken);
        try
        {
            return new OrleansCluster(await StartAsync(attempt => Build(gateways, configuration, options, attempt), options.Timeout, TimeProvider.System, cancellationToken));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new ClientException(
                $"something listens at {string.Join(",", endpoints)} but does not answer as a Quorleans cluster ({e.GetType().Name}); is it still starting?", e);
        }
    }

    /// <summary>Starts a host; when it does not get on, one more, and one more. The first that is up is it.</summary>
    /// <param name="build">Makes one that begins with another gateway each time.</param>
    /// <param name="patience">For all of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TimeoutException">None is up in time.</exception>
    internal static async Task<IHost> StartAsync(Func<int, IHost> build, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        // Each has a token of its own: services that run in the background end with the one that they were started with.
        List<(IHost Host, CancellationTokenSource Stop)> hosts = [];
        Dictionary<Task, IHost> starting = [];
        IHost? up = null;
        try
        {
            while (true)
            {
                if (hosts.Count < MaxStarts)
                {
                    IHost host = build(hosts.Count);
                    CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    hosts.Add((host, stop));
                    starting.Add(Task.Run(() => host.StartAsync(stop.Token), CancellationToken.None), host);
                }

                TimeSpan left = patience - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero) throw new TimeoutException($"Not connected within {patience.TotalSeconds:0.#} s.");
                Task ended;
                try
                {
                    ended = await Task.WhenAny(starting.Keys).WaitAsync(hosts.Count < MaxStarts && left > StartSilence ? StartSilence : left, time, cancellationToken);
                }
                catch (TimeoutException)
                {
                    continue;
                }

                starting.Remove(ended, out IHost? first);
                if (ended.IsCompletedSuccessfully) return up = first!;
                if (starting.Count == 0) await ended;
            }
        }
        finally
        {
            foreach ((IHost host, CancellationTokenSource stop) in hosts)
            {
                if (host == up) continue;
                // Not waited for: it may hang on what did not answer.
                _ = Task.Run(
                    async () =>
                    {
                        await stop.CancelAsync();
                        host.Dispose();
                        stop.Dispose();
                    }, CancellationToken.None);
            }
        }
    }

    // All gateways are kept, also those that do not listen now: they may come back while others go.
    private static async Task<IPEndPoint[]> ProbeAsync(
        IReadOnlyList<Endpoint> endpoints, ConnectOptions options, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout < ProbeTimeout ? options.Timeout : ProbeTimeout);
        List<IPEndPoint> gateways = [];
        List<Task<bool>> probes = [];
        foreach (Endpoint endpoint in endpoints)
        {
            foreach (IPEndPoint gateway in await ResolveAsync(endpoint, cancellationToken))
            {
                gateways.Add(gateway);
                probes.Add(AnswersAsync(gateway, limit.Token));
            }
        }

        while (probes.Count > 0)
        {
            Task<bool> probe = await Task.WhenAny(probes);
            probes.Remove(probe);
            if (await probe) return [.. gateways];
        }

        cancellationToken.ThrowIfCancellationRequested();
        string how = options.Config is null ? HowToStart : $"start its nodes with: dotnet run -c Release --project Silo -- --config {options.Config} --node NAME";
        throw new ClientException($"no Quorleans cluster at {string.Join(", ", endpoints)}; {how}");
    }

    private static async Task<IEnumerable<IPEndPoint>> ResolveAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(endpoint.Host, out IPAddress? literal)) return [new IPEndPoint(literal, endpoint.Port)];
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken);
            return addresses.Select(address => new IPEndPoint(address, endpoint.Port));
        }
        catch (SocketException e)
        {
            throw new ClientException($"the host {endpoint.Host} of --gateway is not known: {e.Message}", e);
        }
    }

    private static async Task<bool> AnswersAsync(IPEndPoint gateway, CancellationToken cancellationToken)
    {
        using Socket socket = new(gateway.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(gateway, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static IHost Build(IPEndPoint[] gateways, ClusterConfiguration? configuration, ConnectOptions options, int attempt)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        builder.UseOrleansClient(client =>
        {
            if (configuration is not null) client.UseQuorleansClustering(configuration);
            else client.UseStaticClustering(gateways);
            client.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = OrleansIds.ClusterId;
                cluster.ServiceId = OrleansIds.ServiceId;
            });

            // How soon gateways that came back are used again.
            client.Configure<GatewayOptions>(gateway =>
            {
                gateway.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1);
                if (attempt > 0) gateway.PreferredGatewayIndex = attempt % gateways.Length;
            });
            client.Configure<ConnectionOptions>(connection =>
            {
                connection.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
                connection.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
            });
            client.Configure<ClientMessagingOptions>(messaging => messaging.MaxMessageBodySize = 8 * 1024 * 1024);
            client.UseConnectionRetryFilter(async (_, cancellationToken) =>
            {
                await Task.Delay(RetryPause, cancellationToken);
                return true;
            });
        });
        builder.Services.AddQuorleansClerk(clerk =>
        {
            clerk.OperationTimeout = options.Timeout;
            clerk.AttemptTimeout = options.AttemptTimeout ?? clerk.AttemptTimeout;
            clerk.Batching = options.Batch;
            if (configuration is not null) clerk.Nodes = configuration.NodesToAsk(configuration.Founders.Select(static node => node.Name));
            options.ConfigureClerk?.Invoke(clerk);
        });
        return builder.Build();
    }
}
