using Quorleans.KeyValue;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Client.Tests.Fakes;

/// <summary>A demonstration's cluster in memory, which can be told to forget something when it restarts.</summary>
internal sealed class FakeDemoCluster : IDemoCluster
{
    private readonly FakeCluster _cluster = new();
    private int _starts;

    public FakeDemoCluster()
    {
        SetLeader("n1", term: 1);
        _cluster.JobsOfIt.MakesOutput = true;
        _cluster.JobsOfIt.Looks.Enqueue(static job => job with { Phase = JobPhase.Mapping, Maps = 16, MapsDone = 3 });
        _cluster.JobsOfIt.Looks.Enqueue(static job => job with { Phase = JobPhase.Done, MapsDone = 16 });

        // Before, on its way, after the two joined, after one left.
        _cluster.Controller.Maps.Enqueue(Map([1, 1, 1], [1, 1, 1]));
        _cluster.Controller.Maps.Enqueue(Map([1, 2, 1], [1, 2, 3]));
        _cluster.Controller.Maps.Enqueue(Map([1, 2, 3], [1, 2, 3]));
        _cluster.Controller.Maps.Enqueue(Map([1, 2, 1], [1, 2, 1]));
    }

    public IReadOnlyList<ControllerCommand> ShardCommands => _cluster.Controller.Commands;

    /// <summary>A key of which clients read what nobody has written.</summary>
    public string? LiesAbout
    {
        init => _cluster.Store.Interloper = (operation, key) =>
        {
            if (operation == "get" && key == value) _cluster.Store[key] = "a lie";
        };
    }

    public string? ForgottenKey { get; init; }

    public List<string> Events { get; } = [];

    public IReadOnlyList<string> Nodes => ["n1", "n2", "n3"];

    public Uri? Dashboard => new("http://127.0.0.1:1234/dashboard");

    public Task StartAsync(string directory, CancellationToken cancellationToken)
    {
        Events.Add("start");
        if (++_starts == 2 && ForgottenKey is not null) _cluster.Store[ForgottenKey] = null;
        return Task.CompletedTask;
    }

    public Task<ICluster> ConnectAsync(CancellationToken cancellationToken) => Task.FromResult<ICluster>(_cluster);

    public Task StopNodeAsync(string node, CancellationToken cancellationToken)
    {
        Events.Add($"stop {node}");
        SetLeader("n2", term: 2);
        return Task.CompletedTask;
    }

    public Task StartNodeAsync(string node, CancellationToken cancellationToken)
    {
        Events.Add($"start {node}");
        return Task.CompletedTask;
    }

    public Task StopAllAsync(CancellationToken cancellationToken)
    {
        Events.Add("stop");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Events.Add("dispose");
        return ValueTask.CompletedTask;
    }

    private static ShardMap Map(int[] owners, int[] targets) => new(
        1, 1, [.. owners.Select((owner, shard) => new ShardPlace(owner, 1, targets[shard], owner == targets[shard] ? 0 : 9, owner == targets[shard] ? 0 : targets[shard]))], [], [], []);

    private void SetLeader(string leader, long term)
    {
        _cluster.Replicas.Clear();
        foreach (string node in Nodes) _cluster.Replicas.Add(FakeCluster.Replica(node, node == leader ? "Leader" : "Follower", term));
    }
}
