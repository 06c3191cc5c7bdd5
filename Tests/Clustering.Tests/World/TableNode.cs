using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Grains.Raft;
using Quorleans.Hosting;
using Quorleans.KeyValue;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Clustering.Tests.World;

/// <summary>A node without a silo: all that the membership table needs of it, on its real disk and at its real peer port.</summary>
internal sealed class TableNode : IAsyncDisposable
{
    private readonly PeerClient _peers;
    private readonly PeerServer _server;
    private readonly Founding _founding;
    private readonly ConfiguredNode _self;
    private readonly CancellationTokenSource _stopping = new();
    private NodeService? _service;

    private TableNode(ClusterConfiguration configuration, string node)
    {
        _self = configuration.Find(node);
        _peers = new PeerClient(configuration, TimeProvider.System);
        _founding = new Founding(_peers, _self, TimeProvider.System, NullLogger.Instance);
        _server = new PeerServer(_peers, _founding);
    }

    public string Name => _self.Name;

    public NodeService Service => _service ?? throw new InvalidOperationException($"{Name} is not open.");

    /// <summary>Ends when the node has found or made its cluster, and runs its replicas.</summary>
    public Task Opened { get; private set; } = Task.CompletedTask;

    /// <summary>What it waits for.</summary>
    public string? Waiting => _founding.Waiting;

    public static async Task<TableNode> StartAsync(ClusterConfiguration configuration, string node)
    {
        TableNode started = new(configuration, node);
        started._founding.Load();
        await started._server.StartAsync(started._self, logging: null, CancellationToken.None);
        started.Opened = Task.Run(started.OpenAsync);
        return started;
    }

    /// <summary>What it tells others of the cluster's creation.</summary>
    public FoundingReport Report() => _founding.Report();

    /// <summary>What this node's replica of the group says of itself.</summary>
    public async Task<ReplicaState?> StateAsync() => Service.Raft is { } raft ? await raft.GetStateAsync(GroupNames.Members) : null;

    /// <summary>As kill -9 would: nothing is handed over or flushed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Opened.ContinueWith(static _ => { }, TaskScheduler.Default);
        _service?.Kill();
        await _server.DisposeAsync();
        if (_service is not null) await _service.DisposeAsync();
        _peers.Dispose();
        _stopping.Dispose();
    }

    private async Task OpenAsync()
    {
        ClusterDescription description = await _founding.FindAsync(_stopping.Token);
        NodeServiceOptions options = new() { Node = Name, DataDirectory = _self.Data };
        _service = await NodeService.OpenAsync(options, description, new HttpRaftTransport(_peers, GroupNames.Members, new NoTransport()), NullLogger.Instance);
        _server.Raft = _service.Raft;
    }

    // The other groups need silos, which are not part of these tests.
    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => Task.FromException<byte[]>(new WebException("no silos here"));

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => Task.FromException<byte[][]>(new WebException("no silos here"));
    }
}
