using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>
/// A leader of version 1 of the program talks with a node of this one: what it said then stands in <c>testdata/peer-v1.hex</c>, each request with the answer that it got then.
/// A vote, entries, a gap, a snapshot, and entries behind it.
/// </summary>
public sealed class PeerFormatTests : IDisposable
{
    private static readonly Guid Cluster = new("00000000-0000-0000-0000-0000000000c1");
    private static readonly GroupId Group = new("g1", 1);
    private static readonly MemberId Leader = new(1), Self = new(2);
    private static readonly Membership Both = Membership.Initial([("n1", new Guid("00000000-0000-0000-0000-000000000001")), ("n2", new Guid("00000000-0000-0000-0000-000000000002"))]);
    private readonly string _folder = Directory.CreateTempSubdirectory("quorleans-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task APeerOfVersion1_IsAnsweredAsBefore()
    {
        List<string> heard = [];
        await using RaftNode node = await StartAsync();
        foreach (RaftMessage message in Messages())
        {
            byte[] request = MessageCodec.Encode(Cluster, Group, message);
            heard.AddRange([Convert.ToHexString(request), Convert.ToHexString(await node.HandleAsync(Group.Name, request))]);
        }

        string[] lines = Fixtures.Lines("peer-v1.hex", () => heard);
        Assert.Equal(heard.Count, lines.Length);
        await node.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);

        await using RaftNode other = await StartAsync();
        for (int i = 0; i < lines.Length; i += 2)
        {
            byte[] answer = await other.HandleAsync(Group.Name, Convert.FromHexString(lines[i]));
            Assert.Equal(lines[i + 1], Convert.ToHexString(answer));
        }

        ReplicaState state = (await other.GetStateAsync(Group.Name))!;
        Assert.Equal((11, 11), (state.Last.Value, state.Commit.Value));
        await NodeTrio.UntilAsync(() => _machine.Count == 4);
        Assert.Equal([[1], [2], [3], [9, 9]], _machine.Items);
    }

    [Fact]
    public async Task APeerOfANewerVersion_IsRefused_AndToldWhatIsUnderstood()
    {
        await using RaftNode node = await StartAsync();
        byte[] request = MessageCodec.Encode(Cluster, Group, Messages().First());
        request[0] = MessageCodec.NewestVersion + 1;
        RaftRefusedException refusal = await Assert.ThrowsAsync<RaftRefusedException>(() => node.HandleAsync(Group.Name, request));
        Assert.Equal(MessageError.NewerVersion, refusal.Error);
        Assert.Contains("of version 2; it understands 1 to 1. Upgrade it", refusal.Message, StringComparison.Ordinal);
    }

    private ListMachine _machine = new();

    private async Task<RaftNode> StartAsync()
    {
        RaftNodeOptions options = new() { ClusterId = Cluster, Node = "n2", NodeId = Both.Voters[1].NodeId };
        RaftNode node = RaftNode.Start(options, new PosixDisk(_folder), new NoTransport(), _ => _machine = new ListMachine(), NullLogger.Instance);
        await node.CreateGroupAsync(Group, Self, Both, _machine = new ListMachine());
        return node;
    }

    private static IEnumerable<RaftMessage> Messages()
    {
        Term term = new(1);
        yield return new RaftMessage { Kind = MessageKind.RequestVote, From = Leader, To = Self, Term = term, Sequence = 1, Forced = true };
        yield return new RaftMessage { Kind = MessageKind.AppendEntries, From = Leader, To = Self, Term = term, Sequence = 2, Time = new LogTime(5), Entries = [Entry(1, EntryKind.Noop), Entry(2, EntryKind.Command, 1)] };
        yield return new RaftMessage
        {
            Kind = MessageKind.AppendEntries, From = Leader, To = Self, Term = term, Sequence = 3, Index = new LogIndex(2), IndexTerm = term, Commit = new LogIndex(2), Time = new LogTime(6), ReadRound = 1,
            Entries = [Entry(3, EntryKind.Command, 2)],
        };
        yield return new RaftMessage { Kind = MessageKind.AppendEntries, From = Leader, To = Self, Term = term, Sequence = 4, Index = new LogIndex(9), IndexTerm = term, Commit = new LogIndex(2), Time = new LogTime(7), ReadRound = 2 };
        byte[] body = Body([1], [2], [3]);
        SnapshotMetadata snapshot = new(new LogIndex(10), term, new LogTime(8), Both);
        yield return new RaftMessage { Kind = MessageKind.InstallSnapshot, From = Leader, To = Self, Term = term, Sequence = 5, Snapshot = snapshot, Offset = 0, TotalBytes = body.Length, Data = body };
        yield return new RaftMessage
        {
            Kind = MessageKind.AppendEntries, From = Leader, To = Self, Term = term, Sequence = 6, Index = new LogIndex(10), IndexTerm = term, Commit = new LogIndex(11), Time = new LogTime(9), ReadRound = 3,
            Entries = [Entry(11, EntryKind.Command, 9, 9)],
        };
    }

    private static LogEntry Entry(long index, EntryKind kind, params byte[] payload) => new(new LogIndex(index), new Term(1), kind, new LogTime(index), payload);

    // A whole snapshot file, as a leader sends it.
    private static byte[] Body(params byte[][] items)
    {
        ListMachine machine = new();
        for (int i = 0; i < items.Length; i++) machine.Apply(new LogEntry(new LogIndex(i + 1), new Term(1), EntryKind.Command, default, items[i]), wantResult: false);
        string folder = Directory.CreateTempSubdirectory("quorleans-").FullName;
        try
        {
            SnapshotStore store = new(new PosixDisk(folder));
            using (SnapshotWriter writer = store.Create(Group, new SnapshotMetadata(new LogIndex(10), new Term(1), new LogTime(8), Both)))
            {
                using ISnapshotView view = machine.Capture();
                view.WriteTo(writer.Body, CancellationToken.None);
                return File.ReadAllBytes(Path.Combine(folder, writer.Commit()));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class NoTransport : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) => Task.FromException<byte[]>(new IOException("nobody else is here"));

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames) => Task.FromException<byte[][]>(new IOException("nobody else is here"));
    }
}
