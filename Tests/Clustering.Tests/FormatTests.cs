using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Grains.Raft;
using Quorleans.GrainInterfaces;
using Quorleans.Hosting;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Members;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Quorleans.Tests.Shared;

namespace Quorleans.Clustering.Tests;

/// <summary>
/// A node's whole data directory as version 1 of the program wrote it (<c>testdata/node-v1</c>): every later one must open it, and find all that was acknowledged. A snapshot, a
/// log behind it, free segments, and the four JSON files are in it. <c>QUORLEANS_WRITE_FIXTURES=1</c> writes the directory anew where there is none; one that is there is
/// never changed. A new format gets a directory of its own.
/// </summary>
public sealed class FormatTests : IDisposable
{
    private const int Keys = 400;
    private static readonly Guid Cluster = new("00000000-0000-0000-0000-0000000000c1");
    private readonly string _folder = Directory.CreateTempSubdirectory("quorleans-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task ADirectoryOfVersion1_IsOpened_WithAllThatIsInIt()
    {
        string fixture = Path.Combine(TestData(), "node-v1");
        if (Environment.GetEnvironmentVariable("QUORLEANS_WRITE_FIXTURES") == "1" && !Directory.Exists(fixture)) await WriteAsync(fixture);
        string data = Copy(fixture);
        NodesAnswer nodes = NodesFile.Read(data);
        Assert.Equal((2, "n4", "n3"), (nodes.Version, Assert.Single(nodes.Nodes).Name, Assert.Single(nodes.Removed)));
        await using (NodeService service = await OpenAsync(data))
        {
            await HoldsAllAsync(service);
            await PutAsync(service, 3, "later", "more");
        }

        // What this program adds it reads as well.
        await using NodeService again = await OpenAsync(data);
        await HoldsAllAsync(again);
        Assert.Equal("more", await GetAsync(again, "later"));
    }

    [Theory]
    [InlineData("node.json")]
    [InlineData("cluster.json")]
    [InlineData("nodes.json")]
    [InlineData("replicas.json")]
    [InlineData("wal-")]
    [InlineData("snapshot-")]
    public async Task AFileOfANewerFormat_RefusesTheStart_NamingItAndTheFormat_AndChangesNothing(string prefix)
    {
        string data = Copy(Path.Combine(TestData(), "node-v1"));
        string file = Directory.GetFiles(data).Order(StringComparer.Ordinal).First(path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal));
        RaiseFormat(file, NodeDirectory.Peek(data)!.NodeId);
        Dictionary<string, string> before = Contents(data);
        Exception refusal = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            NodesFile.Read(data);
            await using NodeService service = await OpenAsync(data);
        });
        Assert.True(refusal is NodeDirectoryException { Error: NodeDirectoryError.NewerFormat } or ClusterException { Error: ClusterError.DataDirectory }, refusal.ToString());
        Assert.Contains("format 9; this program knows up to 1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(prefix == "node.json" ? data : Path.GetFileName(file), refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents(data));
    }

    private static async Task WriteAsync(string fixture)
    {
        Directory.CreateDirectory(fixture);
        Guid disk;
        using (NodeDirectory directory = NodeDirectory.Open(fixture, "n1", Cluster)) disk = directory.Identity.NodeId;
        ClusterNode self = new("n1", disk);
        ClusterFile.Write(fixture, new ClusterDescription { ClusterId = Cluster, Nodes = [self], Members = [self] });
        await using (NodeService service = await OpenAsync(fixture))
        {
            foreach (MembersCommand command in (MembersCommand[])[new AddNode(new MemberNode("n4", "10.0.0.4", 1, 2, 3, 4)), new RemoveNode("n3"), new TakeTurn("n1", 3000)])
                Assert.Equal(SubmitStatus.Ok, (await service.SubmitAsync(GroupNames.Members, new SubmitRequest(0, false, MembersCodec.Encode(command)))).Status);
            for (int i = 0; i < Keys; i++) await PutAsync(service, i + 1, Key(i), Value(i));
            NodesFile.Write(fixture, service.Nodes!);
        }

        foreach (string file in (string[])["node.lock", "node.pid"]) File.Delete(Path.Combine(fixture, file));
    }

    // Small files: a segment holds a few dozen entries, and a snapshot is taken after as many.
    private static async Task<NodeService> OpenAsync(string data)
    {
        ClusterDescription description = ClusterFile.Read(data)!;
        NodeServiceOptions options = new() { Node = "n1", DataDirectory = data, LogSegmentBytes = 16 << 10, SnapshotThresholdBytes = 20_000 };
        NodeService service = await NodeService.OpenAsync(options, description, new NoTransport(), NullLogger.Instance);
        Assert.Null(service.Problem);
        foreach (string group in (string[])[GroupNames.Members, GroupNames.Controller, NodeService.StoreGroup])
            await Eventually.Holds($"{group} has a leader", async () => await service.Raft!.GetStateAsync(group) is { Role: RaftRole.Leader } state && state.Applied == state.Commit && state.Commit.Value > 0);
        return service;
    }

    private static async Task HoldsAllAsync(NodeService service)
    {
        for (int i = 0; i < Keys; i++) Assert.Equal(Value(i), await GetAsync(service, Key(i)));
        NodesAnswer nodes = MembersCodec.ReadNodes((await service.SubmitAsync(GroupNames.Members, new SubmitRequest(0, true, MembersCodec.ReadNodes()))).Result.Span);
        Assert.Equal(["n4"], nodes.Nodes.Select(static node => node.Name));
        Assert.Equal(["n3"], nodes.Removed);

        // The session of whoever wrote is there, too: what comes once more is answered and not done again.
        await PutAsync(service, Keys, Key(Keys - 1), "a retry, which must not count");
        Assert.Equal(Value(Keys - 1), await GetAsync(service, Key(Keys - 1)));
    }

    private static async Task PutAsync(NodeService service, long sequence, string key, string value)
    {
        WriteBatchBuilder batch = new(KeyValueLimits.Default);
        // The later writer is another one: a number that was used before would be taken for a retry.
        batch.Begin(new ClientId(key == "later" ? 2 : (UInt128)1));
        Assert.True(batch.TryAdd(new WriteOperation { Kind = OperationKind.Put, Sequence = sequence, DeadlineMs = long.MaxValue / 2, Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value) }));
        SubmitReply reply = await service.SubmitAsync(NodeService.StoreGroup, new SubmitRequest(0, false, batch.ToArray()));
        Assert.True(reply.Status == SubmitStatus.Ok, reply.Error);
    }

    private static async Task<string> GetAsync(NodeService service, string key)
    {
        ReadBatchBuilder batch = new(KeyValueLimits.Default);
        batch.Begin();
        Assert.True(batch.TryAdd(ReadOperation.Get(Encoding.UTF8.GetBytes(key))));
        SubmitReply reply = await service.SubmitAsync(NodeService.StoreGroup, new SubmitRequest(0, true, batch.ToArray()));
        Assert.True(reply.Status == SubmitStatus.Ok, reply.Error);
        ResultBatchReader reader = new(reply.Result);
        Assert.True(reader.TryRead(out OperationResult result));
        return Encoding.UTF8.GetString(result.Value.Span);
    }

    private static string Key(int i) => string.Create(CultureInfo.InvariantCulture, $"key {i}");

    private static string Value(int i) => string.Create(CultureInfo.InvariantCulture, $"value {i} {new string('x', i % 90)}");

    private static void RaiseFormat(string file, Guid nodeId)
    {
        byte[] bytes = File.ReadAllBytes(file);
        switch (Path.GetExtension(file))
        {
            case ".log":
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), 9);
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(56), Crc32C.Append(LogSalt.From(nodeId).Seed, bytes.AsSpan(0, 56)));
                break;
            case ".snap":
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), 9);
                break;
            default:
                string text = Encoding.UTF8.GetString(bytes).Replace("\"formatVersion\": 1", "\"formatVersion\": 9", StringComparison.Ordinal);
                Assert.Contains("\"formatVersion\": 9", text, StringComparison.Ordinal);
                bytes = Encoding.UTF8.GetBytes(text);
                if (Path.GetFileName(file) == ReplicaLedger.FileName) bytes = Summed(bytes[..^10]);
                break;
        }

        File.WriteAllBytes(file, bytes);
    }

    private static byte[] Summed(byte[] text) => [.. text, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{Crc32C.Append(uint.MaxValue, text):X8}\n"))];

    private static Dictionary<string, string> Contents(string data) =>
        Directory.GetFiles(data).Where(static file => !Path.GetFileName(file).StartsWith("node.", StringComparison.Ordinal)).ToDictionary(static file => file, static file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));

    private string Copy(string fixture)
    {
        string data = Path.Combine(_folder, "n1");
        Directory.CreateDirectory(data);
        foreach (string file in Directory.GetFiles(fixture)) File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        return data;
    }

    private static string TestData()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "testdata");
            if (Directory.Exists(candidate)) return candidate;
        }

        throw new DirectoryNotFoundException($"No folder testdata at or above {AppContext.BaseDirectory}.");
    }

    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => Task.FromException<byte[]>(new WebException("nobody else is here"));

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => Task.FromException<byte[][]>(new WebException("nobody else is here"));
    }
}
