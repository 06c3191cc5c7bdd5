using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Clerk;
using Quorleans.GrainInterfaces;
using Quorleans.Grains.Raft;
using Quorleans.Hosting;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.Embedded;

public sealed class DataDirectoryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task AWipedNodeIsNoMember_AndComesBackWithItsOldDirectory()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        await clerk.PutAsync("key", "1");
        await cluster.Cluster.StopNodeAsync("n2");
        string home = Path.Combine(cluster.Data, "n2");
        Directory.Move(home, home + ".old");

        await cluster.Cluster.StartNodeAsync("n2");
        ReplicaStatus status = await cluster.ReplicaAsync("n2");
        output.WriteLine(status.Detail ?? "");
        Assert.Equal("NotMember", status.State);
        Assert.Contains("another disk", status.Detail, StringComparison.Ordinal);
        await clerk.PutAsync("key", "2");
        Assert.Equal(0, (await cluster.ReplicaAsync("n2")).LastIndex);

        await cluster.Cluster.StopNodeAsync("n2");
        Directory.Delete(home, recursive: true);
        Directory.Move(home + ".old", home);
        await cluster.Cluster.StartNodeAsync("n2");
        await cluster.SettledAsync(running: 3);
    }

    [Fact]
    public async Task ANodeThatLostItsLogDoesNotBeginAnew()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        await clerk.PutAsync("key", "1");
        await cluster.Cluster.StopNodeAsync("n2");
        foreach (string segment in Segments(cluster, "n2")) File.Delete(segment);
        await cluster.Cluster.StartNodeAsync("n2");
        ReplicaStatus status = await cluster.ReplicaAsync("n2");
        output.WriteLine(status.Detail ?? "");
        Assert.Equal("Corrupt", status.State);
        Assert.Contains("lost its log", status.Detail, StringComparison.Ordinal);
        await clerk.PutAsync("key", "2");
    }

    [Fact]
    public async Task ACorruptLogIsNamedWithFileAndOffset_AndTheOthersServe()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        OrleansClerk clerk = await cluster.ConnectAsync();
        for (int i = 0; i < 50; i++) await clerk.PutAsync($"key{i}", new string('x', 1000));
        await cluster.SettledAsync(running: 3);
        await cluster.Cluster.StopNodeAsync("n2");
        string segment = Segments(cluster, "n2").First();
        // One bit of a value that was acknowledged long before the last.
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        int value = bytes.AsSpan().IndexOf("xxxxxxxx"u8);
        bytes[value] ^= 0x40;
        await File.WriteAllBytesAsync(segment, bytes);

        await cluster.Cluster.StartNodeAsync("n2");
        ReplicaStatus status = await cluster.ReplicaAsync("n2");
        output.WriteLine(status.Detail ?? "");
        Assert.Equal("Corrupt", status.State);
        Assert.Contains(Path.GetFileName(segment), status.Detail, StringComparison.Ordinal);
        var grains = (IGrainFactory)cluster.Cluster.GetServices("n1")!.GetService(typeof(IGrainFactory))!;
        SubmitReply reply = await grains.GetGrain<IRaftReplicaGrain>("g1/n2").Submit(new SubmitRequest(0, isQuery: true, [1]));
        Assert.Equal(SubmitStatus.Unavailable, reply.Status);
        await clerk.PutAsync("key", "2");
    }

    [Fact]
    public async Task ADirectoryInUseIsRefused()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await using EmbeddedCluster second = Another(cluster);
        NodeDirectoryException error = await Assert.ThrowsAsync<NodeDirectoryException>(() => second.StartAsync());
        Assert.Equal(NodeDirectoryError.Locked, error.Error);
        Assert.DoesNotContain(second.Nodes, static node => node.State == NodeState.Running);
        await (await cluster.ConnectAsync()).PutAsync("key", "still served");
    }

    [Fact]
    public async Task ADirectoryThatDoesNotFitIsRefused_ByName()
    {
        await using RunningCluster cluster = await RunningCluster.StartAsync();
        await cluster.Cluster.StopAsync();
        string file = Path.Combine(cluster.Data, "cluster.json");
        string original = await File.ReadAllTextAsync(file);

        Assert.Contains("3 nodes, not 2", Refusal(() => Another(cluster, nodes: 2)), StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, original.Replace("\"formatVersion\": 1", "\"formatVersion\": 2", StringComparison.Ordinal));
        Assert.Contains("format 2", Refusal(() => Another(cluster)), StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, original[..100]);
        Assert.Contains("is damaged", Refusal(() => Another(cluster)), StringComparison.Ordinal);
        File.Delete(file);
        await using (EmbeddedCluster orphaned = Another(cluster))
        {
            ClusterException error = await Assert.ThrowsAsync<ClusterException>(() => orphaned.StartAsync());
            Assert.Contains("is missing, but node 'n1' holds data", error.Message, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(file, original);
        Swap(Path.Combine(cluster.Data, "n1"), Path.Combine(cluster.Data, "n2"));
        await using EmbeddedCluster swapped = Another(cluster);
        Assert.Equal(NodeDirectoryError.OtherNode, (await Assert.ThrowsAsync<NodeDirectoryException>(() => swapped.StartAsync())).Error);
        Swap(Path.Combine(cluster.Data, "n1"), Path.Combine(cluster.Data, "n2"));
        await cluster.Cluster.StartAsync();
        await cluster.SettledAsync(running: 3);
    }

    [Fact]
    public async Task AnInterruptedCreationIsFinished()
    {
        using var directory = new TemporaryDirectory();
        var clusterId = Guid.NewGuid();
        Guid first;
        using (NodeDirectory opened = NodeDirectory.Open(Path.Combine(directory.Path, "n1"), "n1", clusterId)) first = opened.Identity.NodeId;
        await using var cluster = new EmbeddedCluster(new EmbeddedClusterOptions { DataDirectory = directory.Path, SiloPort = 0, GatewayPort = 0 });
        await cluster.StartAsync();
        Assert.Equal(clusterId, cluster.Description.ClusterId);
        Assert.Equal(first, cluster.Description.Nodes[0].NodeId);
        await Eventually.Holds("g1 has a leader", async () => (await cluster.GetReplicasAsync("g1")).Any(static replica => replica.Role == "Leader"));
    }

    [Fact]
    public async Task ANodeThatStoppedBeforeItHadAReplica_SaysFailedAndWhy()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var directory = new TemporaryDirectory();
        ClusterDescription cluster = new() { ClusterId = Guid.NewGuid(), Nodes = [new ClusterNode("n1", Guid.NewGuid())] };
        await using NodeService node = await NodeService.OpenAsync(
            new NodeServiceOptions { Node = "n2", DataDirectory = directory.Path }, cluster, new NoTransport(), NullLogger.Instance);
        Assert.Equal("NotMember", (await node.DescribeAsync("g1")).State);
        Assert.Null(node.Problem);

        // The file in which it would note the replica cannot be written.
        Directory.CreateDirectory(Path.Combine(directory.Path, ReplicaLedger.FileName + ".tmp"));
        await Assert.ThrowsAnyAsync<Exception>(() => node.CreateGroupAsync(new GroupId("g2", 1), [("n2", node.NodeId)]).WaitAsync(TimeSpan.FromSeconds(20), cancel));
        ReplicaStatus status = await node.DescribeAsync("g1");
        output.WriteLine(status.Detail ?? "");
        Assert.Equal("Failed", status.State);
        Assert.Contains(ReplicaLedger.FileName, status.Detail, StringComparison.Ordinal);
        Assert.Contains("start the node again", status.Detail, StringComparison.Ordinal);
        Assert.Equal(status.Detail, node.Problem);
    }

    private static string Refusal(Func<EmbeddedCluster> open) => Assert.Throws<ClusterException>(open).Message;

    private static EmbeddedCluster Another(RunningCluster cluster, int? nodes = null) =>
        new(new EmbeddedClusterOptions { DataDirectory = cluster.Data, Nodes = nodes, SiloPort = 0, GatewayPort = 0 });

    private static IEnumerable<string> Segments(RunningCluster cluster, string node) =>
        Directory.EnumerateFiles(Path.Combine(cluster.Data, node)).Where(static file => new FileInfo(file).Length >= 1 << 20).Order();

    private static void Swap(string left, string right)
    {
        Directory.Move(left, left + ".tmp");
        Directory.Move(right, left);
        Directory.Move(left + ".tmp", right);
    }

    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => throw new IOException("alone");

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => throw new IOException("alone");
    }
}
