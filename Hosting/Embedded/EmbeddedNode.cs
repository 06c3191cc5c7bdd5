using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quorleans.Grains.MapReduce;
using Quorleans.Grains.Placement;
using Quorleans.Grains.Raft;

namespace Quorleans.Hosting;

/// <summary>One node of an embedded cluster: starts and stops its silo, one thing at a time.</summary>
internal sealed class EmbeddedNode : IAsyncDisposable
{
    private readonly EmbeddedCluster _cluster;
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Life? _life;
    private volatile NodeStatus _status;

    public EmbeddedNode(EmbeddedCluster cluster, NodeOptions options)
    {
        _cluster = cluster;
        Options = options;
        _status = new NodeStatus(options.Name, NodeState.Stopped, options.Gateway, options.SiloPort, options.DataDirectory, null);
    }

    public NodeOptions Options { get; }

    public NodeStatus Status => _status;

    /// <summary>The services of its silo while it runs.</summary>
    public IServiceProvider? Services => _status.State == NodeState.Running ? _life?.Host.Services : null;

    /// <summary>Its storage and replicas while it runs.</summary>
    public NodeService? Service => _status.State == NodeState.Running ? _life?.Node : null;

    /// <summary>The first half of a start, and the one that fails: takes the ports and the data directory, and reads the log.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_life is not null) throw WrongState("started", "it is running already");
            SetState(NodeState.Starting);
            await TryAsync(async () =>
            {
                LoopbackPorts.RequireFree(Options);
                _life = Build();
                await _life.OpenNodeAsync(Options, _cluster);
                cancellationToken.ThrowIfCancellationRequested();
            });
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The second half: the silo joins the others.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_life is not { } life || _status.State != NodeState.Starting) throw WrongState("started", "it was stopped while it started");
            await TryAsync(() => life.JoinAsync(cancellationToken));
            SetState(NodeState.Running);
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        await JoinAsync(cancellationToken);
    }

    private async Task TryAsync(Func<Task> start)
    {
        try
        {
            await start();
        }
        catch (Exception cause)
        {
            if (_life is { } failed) await EndAsync(failed, abrupt: true, CancellationToken.None);
            SetState(NodeState.Failed, cause.Message);
            throw;
        }
    }

    public async Task StopAsync(bool abrupt, CancellationToken cancellationToken, bool handOver = true)
    {
        // Before waiting for a turn: an abrupt stop must not wait for a graceful one that hangs.
        if (abrupt) _life?.Cut();
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_life is not { } life)
            {
                if (_status.State is NodeState.Stopped) throw WrongState("stopped", "it is not running");
                SetState(NodeState.Stopped);
                return;
            }

            SetState(NodeState.Stopping);
            await EndAsync(life, abrupt, cancellationToken, handOver);
            SetState(NodeState.Stopped);
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_life is not null) await StopAsync(abrupt: true, CancellationToken.None);
        _one.Dispose();
    }

    private async Task EvictAsync(Life life, string reason)
    {
        life.Cut();
        await _one.WaitAsync();
        try
        {
            if (!ReferenceEquals(_life, life)) return;
            await EndAsync(life, abrupt: true, CancellationToken.None);
            SetState(NodeState.Evicted, reason);
        }
        finally
        {
            _one.Release();
        }

        await _cluster.OnEvictedAsync(this);
    }

    private async Task EndAsync(Life life, bool abrupt, CancellationToken cancellationToken, bool handOver = false)
    {
        try
        {
            if (abrupt) life.Cut();
            else if (handOver) await life.HandOverAsync();
            await life.Host.StopAsync(abrupt ? new CancellationToken(canceled: true) : cancellationToken);
        }
        catch (Exception e) when (abrupt || e is OperationCanceledException)
        {
            // It is going down either way; what failed on the way was going to be cut off.
        }
        finally
        {
            // Whatever becomes of the silo, the node is down and its directory free when this is over.
            await ((IAsyncDisposable)life.Host).DisposeAsync();
            if (life.Node is { } node) await node.DisposeAsync();
            _life = null;
        }
    }

    private Life Build()
    {
        var table = new FencedMembershipTable(_cluster.MembershipTable, Options.Name);
        var connections = new NodeConnections();
        Life? life = null;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = Options.Name });
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        _cluster.Options.ConfigureLogging?.Invoke(builder.Logging);
        builder.UseOrleans(silo =>
        {
            silo.AddQuorleans(Options);
            silo.Services.AddSingleton<IMembershipTable>(table);
            silo.Services.AddSingleton(_ => life!.Node ?? throw new InvalidOperationException($"Node {Options.Name} is not open."));
            silo.Services.AddSingleton<IFatalErrorHandler>(services => new NodeFatalErrorHandler(
                Options.Name,
                reason => _ = Task.Run(() => EvictAsync(life!, reason)),
                services.GetRequiredService<ILogger<NodeFatalErrorHandler>>()));
            connections.AttachTo(silo);
            _cluster.Options.ConfigureSilo?.Invoke(Options.Name, silo);
        });
        return life = new Life(builder.Build(), table, connections);
    }

    private void SetState(NodeState state, string? detail = null) => _status = _status with { State = state, Detail = detail };

    private ClusterException WrongState(string wish, string why) =>
        new(ClusterError.WrongState, $"Node '{Options.Name}' cannot be {wish}: {why}.");

    /// <summary>One run of the node's silo.</summary>
    private sealed record Life(IHost Host, FencedMembershipTable Table, NodeConnections Connections)
    {
        private TrackerService? _tracker;

        /// <summary>The node's storage and replicas, once opened.</summary>
        public NodeService? Node { get; private set; }

        /// <summary>Opens the node before its silo starts, so that grains find it ready.</summary>
        public async Task OpenNodeAsync(NodeOptions options, EmbeddedCluster cluster)
        {
            IServiceProvider services = Host.Services;
            GrainTransport transport = new(services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<HomeLocator>());
            var service = new NodeServiceOptions { Node = options.Name, DataDirectory = options.DataDirectory };
            service = cluster.Options.ConfigureNode?.Invoke(service) ?? service;
            // Recovery reads the whole log: not on the caller's thread, so that the nodes do it side by side.
            Node = await Task.Run(() => NodeService.OpenAsync(service, cluster.Description, transport, services.GetRequiredService<ILogger<NodeService>>()));
        }

        /// <summary>Starts the silo.</summary>
        public Task JoinAsync(CancellationToken cancellationToken)
        {
            _tracker = Host.Services.GetRequiredService<TrackerService>();
            return Host.StartAsync(cancellationToken);
        }

        /// <summary>Hands the leaderships over to nodes that are up, if there are any.</summary>
        public Task HandOverAsync()
        {
            HomeLocator homes = Host.Services.GetRequiredService<HomeLocator>();
            return Node?.HandOverAsync(node => homes.TryFind(node, out _)) ?? Task.CompletedTask;
        }

        /// <summary>From here on nobody hears of this silo again.</summary>
        public void Cut()
        {
            Node?.Kill();
            _tracker?.Kill();
            Table.Fence();
            Connections.Cut();
        }
    }
}
