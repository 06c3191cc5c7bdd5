namespace Quorleans.Client;

/// <summary>Keeps the connection of the last command for the next one, as long as that wants the same.</summary>
internal sealed class SharedConnector(IClusterConnector connector) : IClusterConnector, IAsyncDisposable
{
    private ConnectOptions? _options;
    private ICluster? _cluster;

    /// <inheritdoc/>
    public async Task<ICluster> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        if (_cluster is null || _options != options)
        {
            await DisposeAsync();
            _cluster = await connector.ConnectAsync(options, cancellationToken);
            _options = options;
        }

        return new Lease(_cluster);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ICluster? cluster = _cluster;
        _cluster = null;
        if (cluster is not null) await cluster.DisposeAsync();
    }

    private sealed class Lease(ICluster cluster) : ICluster
    {
        public Clerk.IClerk Clerk => cluster.Clerk;

        public Clerk.IGroupAdministrator Members => cluster.Members;

        public Clerk.IJobs Jobs => cluster.Jobs;

        public Clerk.IShardController Shards => cluster.Shards;

        public Task<IReadOnlyList<GrainInterfaces.ShardReport>?> GetShardsAsync(string group, string node, CancellationToken cancellationToken) =>
            cluster.GetShardsAsync(group, node, cancellationToken);

        public Task<Clerk.GetResult> GetFromAsync(string node, byte[] key, CancellationToken cancellationToken) => cluster.GetFromAsync(node, key, cancellationToken);

        public Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(CancellationToken cancellationToken) =>
            cluster.GetReplicasAsync(cancellationToken);

        public Task<string?> TransferLeadershipAsync(string group, string node, CancellationToken cancellationToken) =>
            cluster.TransferLeadershipAsync(group, node, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
