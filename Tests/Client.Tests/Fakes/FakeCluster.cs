using Quorleans.Clerk;
using Quorleans.GrainInterfaces;

namespace Quorleans.Client.Tests.Fakes;

internal sealed class FakeCluster : ICluster, IClusterConnector
{
    public FakeClerk Store { get; } = new();

    public IClerk Clerk => Store;

    public FakeAdministrator Administrator { get; } = new();

    public IGroupAdministrator Members => Administrator;

    public FakeJobs JobsOfIt { get; } = new();

    public IJobs Jobs => JobsOfIt;

    public FakeShardController Controller { get; } = new();

    public IShardController Shards => Controller;

    public Dictionary<(string Group, string Node), IReadOnlyList<ShardReport>> ShardReports { get; } = [];

    public Task<IReadOnlyList<ShardReport>?> GetShardsAsync(string group, string node, CancellationToken cancellationToken) =>
        Task.FromResult(ShardReports.GetValueOrDefault((group, node)));

    public List<string> ReadFrom { get; } = [];

    public Task<GetResult> GetFromAsync(string node, byte[] key, CancellationToken cancellationToken)
    {
        ReadFrom.Add(node);
        return Store.GetAsync(key, cancellationToken);
    }

    public List<ReplicaReport> Replicas { get; } = [];

    public List<ConnectOptions> Connects { get; } = [];

    public Exception? ConnectFailure { get; set; }

    public string? TransferProblem { get; set; }

    public static ReplicaReport Replica(string node, string role, long term = 3, long commit = 40, long applied = 40) => new("g1", node,
        new ReplicaStatus
        {
            Group = "g1", Node = node, State = "Running", Role = role, Term = term, CommitIndex = commit, AppliedIndex = applied, Leader = "n1",
            LastIndex = 41, FirstIndex = 1, Voters = ["n1", "n2", "n3"],
        },
        null);

    public Task<ICluster> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        Connects.Add(options);
        return ConnectFailure is null ? Task.FromResult<ICluster>(this) : Task.FromException<ICluster>(ConnectFailure);
    }

    public Task<IReadOnlyList<ReplicaReport>> GetReplicasAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ReplicaReport>>([.. Replicas]);

    public Task<string?> TransferLeadershipAsync(string group, string node, CancellationToken cancellationToken) =>
        Task.FromResult(TransferProblem);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
