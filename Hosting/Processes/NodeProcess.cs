using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quorleans.Grains.Placement;
using Quorleans.Grains.Raft;
using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// One node of a cluster in this process: its peer port first, which the other nodes' starts depend on; then its disk and replicas; and when the membership table has a
/// majority, its silo. Runs once: a process that has stopped is started again by whoever supervises it.
/// </summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    private readonly TaskCompletionSource<NodeEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly NodeProcessOptions _options;
    private readonly PeerClient _peers;
    private readonly PeerServer _server;
    private readonly Founding _founding;
    private readonly NodeFollower _follower;
    private readonly ILoggerFactory _loggers;
    private readonly Task<IHost> _building;
    private NodeService? _service;
    private volatile NodeStatus _status;
    private bool _isOver;

    /// <summary>Prepares a node. Nothing is created and nothing listens before <see cref="StartAsync"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ClusterException">The configuration has no such node.</exception>
    public NodeProcess(NodeProcessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Node = options.Configuration.Find(options.Node);
        _status = new NodeStatus(Node.Name, NodeState.Stopped, Node.GatewayEndPoint, Node.Silo, Node.Data, null);
        _loggers = LoggerFactory.Create(logging => options.ConfigureLogging?.Invoke(logging));
        _peers = new PeerClient(options.Configuration, TimeProvider.System);
        Members = new MembersClient(_peers, TimeProvider.System);
        _founding = new Founding(_peers, Node, TimeProvider.System, _loggers.CreateLogger<Founding>());
        _server = new PeerServer(_peers, _founding);
        _follower = new NodeFollower(Node, _peers, Members, () => _service?.Nodes, TimeProvider.System, _loggers.CreateLogger<NodeFollower>());
        // Takes long, for its code is translated meanwhile; the node waits for others most of that time, and has no need of it before it joins.
        _building = Task.Run(BuildSilo);
    }

    private IHost Silo => _building.GetAwaiter().GetResult();

    /// <summary>Where it listens and where its data lies.</summary>
    public ConfiguredNode Node { get; }

    /// <summary>What it is doing.</summary>
    public NodeStatus Status => _founding.Waiting is { } waiting && _status.State == NodeState.Starting ? _status with { Detail = $"waits {waiting}" } : _status;

    /// <summary>The services of its silo; waits until that is built.</summary>
    public IServiceProvider Services => Silo.Services;

    /// <summary>Its storage and replicas, once it is open.</summary>
    public NodeService? Service => _service;

    /// <summary>Reaches the membership table.</summary>
    public MembersClient Members { get; }

    /// <summary>Ends when the node has ended, and says why: whoever runs it must then end the process.</summary>
    public Task<NodeEnd> Ended => _ended.Task;

    /// <summary>Starts it; ends when its silo is a member of the cluster. Waits for other nodes for as long as it takes, and <see cref="Status"/> says for which.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">A port is taken, or the configuration or the directory is wrong.</exception>
    /// <exception cref="Raft.Storage.NodeDirectoryException">The data directory was refused.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        SetState(NodeState.Starting);
        try
        {
            await OpenAsync(either.Token).ConfigureAwait(false);
            await JoinAsync(either.Token).ConfigureAwait(false);
            SetState(NodeState.Running);
            _ = FollowAsync();
        }
        catch (Exception cause)
        {
            if (!either.IsCancellationRequested) SetState(NodeState.Failed, cause.Message);
            throw;
        }
    }

    /// <summary>Stops it.</summary>
    /// <param name="cancellationToken">Makes a graceful stop abrupt.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _one.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_isOver) return;
            SetState(NodeState.Stopping);
            await HandOverAsync().ConfigureAwait(false);
            // With the last majority gone nobody can be told of the farewell: the next start retires this silo anyway.
            Members.Patience = TimeSpan.FromMilliseconds(500);
            await StopSiloAsync(cancellationToken).ConfigureAwait(false);
            await CloseAsync().ConfigureAwait(false);
            SetState(NodeState.Stopped);
            _ended.TrySetResult(new NodeEnd(NodeState.Stopped, "It was asked to stop."));
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _one.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (!_isOver)
        {
            _service?.Kill();
            await CloseAsync().ConfigureAwait(false);
        }

        _one.Release();
        await _server.DisposeAsync().ConfigureAwait(false);
        if (await _building.ContinueWith(static building => building.IsCompletedSuccessfully ? building.Result : null, TaskScheduler.Default).ConfigureAwait(false) is IAsyncDisposable silo)
            await silo.DisposeAsync().ConfigureAwait(false);
        _peers.Dispose();
        _loggers.Dispose();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        LoopbackPorts.RequireFree(Node.ToOptions());
        await Task.Run(() =>
        {
            _follower.Load();
            _founding.Load();
        }, cancellationToken).ConfigureAwait(false);
        await _server.StartAsync(Node, _options.ConfigureLogging, cancellationToken).ConfigureAwait(false);
        ClusterDescription description = await _founding.FindAsync(cancellationToken).ConfigureAwait(false);
        NodeServiceOptions service = new() { Node = Node.Name, DataDirectory = Node.Data };
        service = _options.ConfigureNode?.Invoke(service) ?? service;
        HttpRaftTransport transport = new(_peers, KeyValue.GroupNames.Members, new LateTransport(MakeTransportAsync()));
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Recovery reads the whole log: not on the caller's thread.
            _service = await Task.Run(() => NodeService.OpenAsync(service, description, transport, _loggers.CreateLogger<NodeService>()), cancellationToken).ConfigureAwait(false);
            _server.Raft = _service.Raft;
            if (_service.Raft is { } raft) _ = WatchDiskAsync(raft);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await Members.WaitAsync(OnWaiting, cancellationToken).ConfigureAwait(false);
        await _follower.RefreshAsync(cancellationToken).ConfigureAwait(false);
        // This process holds the lock of the node's directory, so whatever silo was here before is gone, and nobody need find out by waiting for its answers.
        await Members.ExecuteAsync(new RetireNode(Node.Name), cancellationToken).ConfigureAwait(false);
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await (await _building.ConfigureAwait(false)).StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception cause) when (cause is not OperationCanceledException and not OutOfMemoryException)
        {
            throw new ClusterException(ClusterError.WrongState, $"The silo of node '{Node.Name}' could not join the cluster: {cause.Message}", cause);
        }
        finally
        {
            _one.Release();
        }
    }

    // A node whose log takes nothing more is of no use to anybody while it is up. Its supervisor starts it again, or a person sees why that does not help.
    private async Task WatchDiskAsync(Raft.Node.RaftNode raft)
    {
        string reason = await raft.Failed.ConfigureAwait(false);
        SetState(NodeState.Failed, reason);
        _ended.TrySetResult(new NodeEnd(NodeState.Failed, reason));
    }

    private async Task FollowAsync()
    {
        try
        {
            await _follower.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        string reason = NodeRegistry.WasRemoved(Node.Name).Message;
        SetState(NodeState.Removed, reason);
        _ended.TrySetResult(new NodeEnd(NodeState.Removed, reason));
    }

    private void OnWaiting(string reason)
    {
        SetState(NodeState.Starting, reason);
        LogWaiting(_loggers.CreateLogger<NodeProcess>(), Node.Name, reason);
    }

    private async Task<Raft.Node.IRaftTransport> MakeTransportAsync()
    {
        IServiceProvider services = (await _building.ConfigureAwait(false)).Services;
        return new GrainTransport(services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<HomeLocator>());
    }

    private Task HandOverAsync()
    {
        HomeLocator homes = Services.GetRequiredService<HomeLocator>();
        return _service?.HandOverAsync(node => homes.TryFind(node, out _)) ?? Task.CompletedTask;
    }

    private async Task StopSiloAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Silo.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It is going down either way; what it could not say to the others they find out by themselves.
        }
    }

    private async Task CloseAsync()
    {
        _isOver = true;
        _server.Raft = null;
        if (_service is { } service) await service.DisposeAsync().ConfigureAwait(false);
    }

    // Nothing more is said, written or answered: what Orleans has declared dead must not go on beside its successor. The process ends next.
    private void OnFatal(string reason)
    {
        _service?.Kill();
        SetState(NodeState.Evicted, reason);
        _ended.TrySetResult(new NodeEnd(NodeState.Evicted, reason));
    }

    private IHost BuildSilo()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = Node.Name });
        builder.Services.AddSingleton(_peers).AddSingleton(Members);
        builder.Services.AddSingleton<IHostLifetime, ManualHostLifetime>();
        _options.ConfigureLogging?.Invoke(builder.Logging);
        builder.UseOrleans(silo =>
        {
            silo.AddQuorleans(Node.ToOptions() with { MapReduce = new MapReduceShare(_options.MapReduce) });
            silo.UseQuorleansClustering(_options.Configuration);
            silo.Services.AddSingleton(_ => _service ?? throw new InvalidOperationException($"Node {Node.Name} is not open."));
            silo.Services.AddSingleton<IFatalErrorHandler>(services => new NodeFatalErrorHandler(
                Node.Name, OnFatal, services.GetRequiredService<ILogger<NodeFatalErrorHandler>>()));
            _options.ConfigureSilo?.Invoke(silo);
        });
        return builder.Build();
    }

    private void SetState(NodeState state, string? detail = null) => _status = _status with { State = state, Detail = detail };

    [LoggerMessage(31, LogLevel.Warning, "Node {Node} waits to join: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string node, string reason);
}

/// <summary>How a node ended.</summary>
/// <param name="State"><see cref="NodeState.Stopped"/>, <see cref="NodeState.Evicted"/>, <see cref="NodeState.Removed"/>, or <see cref="NodeState.Failed"/>: its disk.</param>
/// <param name="Reason">For a person.</param>
public sealed record NodeEnd(NodeState State, string Reason);
