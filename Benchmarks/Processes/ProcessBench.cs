using System.Diagnostics;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.Tests.Shared.Processes;

namespace Quorleans.Benchmarks.Processes;

/// <summary>Three silo processes on a temporary directory, and a client of them in this process.</summary>
internal sealed class ProcessBench : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo _directory;

    private ProcessBench(DirectoryInfo directory, ClusterProcesses cluster, ICluster client) => (_directory, Cluster, Client) = (directory, cluster, client);

    /// <summary>The processes.</summary>
    public ClusterProcesses Cluster { get; }

    /// <summary>The client.</summary>
    public ICluster Client { get; }

    /// <summary>Starts them and waits until they serve.</summary>
    /// <param name="options">Which silo, and whether the client is told gateways only, and so has no connections to single nodes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ProcessBench> StartAsync(ProcessesOptions options, CancellationToken cancellationToken)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("quorleans-bench-");
        ClusterProcesses cluster = new(directory.FullName) { Silo = options.Silo };
        try
        {
            await cluster.StartAsync([.. cluster.Nodes]);
            ICluster client = await new OrleansConnector().ConnectAsync(new ConnectOptions
            {
                Gateways = string.Join(',', ClusterConfigurationFile.Read(cluster.Config).Nodes.Select(static node => node.GatewayEndPoint)), Config = options.OneClient ? null : cluster.Config,
            }, cancellationToken);
            await client.Clerk.PutAsync("ready", "", cancellationToken);
            // The connections to single nodes open a moment later than the client's own.
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            return new ProcessBench(directory, cluster, client);
        }
        catch
        {
            await cluster.DisposeAsync();
            directory.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>The node that leads g1.</summary>
    public async Task<string> LeaderAsync(CancellationToken cancellationToken)
    {
        string? leader = null;
        await UntilAsync("g1 has a leader", async () => (leader = (await ReplicasAsync(cancellationToken)).Where(static replica => replica is { Role: "Leader", State: "Running" }).MaxBy(static replica => replica.Term)?.Node) is not null, cancellationToken);
        return leader!;
    }

    /// <summary>Waits until every replica of g1 has what its leader has, so that the next death finds a whole group.</summary>
    public Task SettleAsync(CancellationToken cancellationToken) => UntilAsync("g1 is whole", async () =>
    {
        ReplicaStatus[] replicas = await ReplicasAsync(cancellationToken);
        ReplicaStatus? leader = replicas.Where(static replica => replica.Role == "Leader").MaxBy(static replica => replica.Term);
        return leader is not null && replicas.Length == Cluster.Nodes.Count && replicas.All(replica => replica.State == "Running" && replica.Leader == leader.Node && replica.AppliedIndex >= leader.CommitIndex - 100);
    }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task<ReplicaStatus[]> ReplicasAsync(CancellationToken cancellationToken) =>
        [.. (await Client.GetReplicasAsync(cancellationToken)).Where(static replica => replica.Group == "g1" && replica.Status is not null).Select(static replica => replica.Status!)];

    private static async Task UntilAsync(string what, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience) throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}.");
            await Task.Delay(Look, cancellationToken);
        }
    }
}
