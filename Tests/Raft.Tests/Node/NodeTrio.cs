using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Three nodes on real disks in a temporary directory, connected by method calls that a test can cut.</summary>
internal sealed class NodeTrio : IAsyncDisposable
{
    internal const string Group = "g1";
    private readonly string _root = Directory.CreateTempSubdirectory("quorleans-nodes-").FullName;
    private readonly Guid _cluster = Guid.NewGuid();
    private readonly ConcurrentDictionary<string, RaftNode> _running = new();
    private readonly ConcurrentDictionary<string, ListMachine> _machines = new();
    private readonly Membership _membership;
    private readonly RaftNodeOptions _template;

    internal NodeTrio(Func<RaftNodeOptions, RaftNodeOptions>? configure = null)
    {
        _membership = Membership.Initial(Names.Select(name => (name, Guid.NewGuid())));
        _template = new RaftNodeOptions { ClusterId = _cluster, Node = "", NodeId = Guid.Empty };
        if (configure is not null) _template = configure(_template);
    }

    internal static string[] Names => ["n1", "n2", "n3"];

    internal ConcurrentDictionary<string, bool> Cut { get; } = new();

    internal async Task StartAsync(string name)
    {
        string path = Path.Combine(_root, name);
        Directory.CreateDirectory(path);
        Member member = _membership.Voters.Single(voter => voter.Node == name);
        RaftNode node = RaftNode.Start(
            _template with { Node = name, NodeId = member.NodeId }, new PosixDisk(path), new Transport(this, name),
            _ => _machines[name] = new ListMachine(), NullLogger.Instance);
        if (!node.HasGroup(Group)) await node.CreateGroupAsync(new GroupId(Group, 1), member.Id, _membership, _machines[name] = new ListMachine());
        _running[name] = node;
    }

    internal async Task StartAllAsync()
    {
        foreach (string name in Names) await StartAsync(name);
    }

    internal async Task KillAsync(string name)
    {
        if (_running.TryRemove(name, out RaftNode? node)) await node.DisposeAsync();
    }

    internal RaftNode this[string name] => _running[name];

    internal ListMachine Machine(string name) => _machines[name];

    internal async Task<string> LeaderAsync(TimeSpan? timeout = null)
    {
        using CancellationTokenSource limit = new(timeout ?? TimeSpan.FromSeconds(20));
        while (true)
        {
            foreach ((string name, RaftNode node) in _running)
            {
                ReplicaState? state = await node.GetStateAsync(Group);
                if (state?.Role == RaftRole.Leader && !Cut.ContainsKey(name)) return name;
            }

            await NextTickAsync(limit.Token);
        }
    }

    /// <summary>Proposes until some leader commits it.</summary>
    internal async Task<Outcome> CommitAsync(byte[] payload)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (true)
        {
            string leader = await LeaderAsync();
            Outcome outcome = await this[leader].ProposeAsync(Group, 1, payload).WaitAsync(limit.Token);
            if (outcome.Status == OutcomeStatus.Ok) return outcome;
            await NextTickAsync(limit.Token);
        }
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (!condition()) await NextTickAsync(limit.Token);
    }

    // These nodes run on the real clock; a tick is the smallest step in which anything can have changed.
    private static async Task NextTickAsync(CancellationToken limit)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(10));
        await timer.WaitForNextTickAsync(limit);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string name in Names) await KillAsync(name);
        Directory.Delete(_root, recursive: true);
    }

    private sealed class Transport(NodeTrio trio, string from) : IRaftTransport
    {
        public async Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
        {
            await Task.Yield();
            byte[] reply = await Reach(to.Node).HandleAsync(group.Name, frame);
            Reach(to.Node);
            return reply;
        }

        public async Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames)
        {
            await Task.Yield();
            byte[][] replies = await Reach(node).HandleTogetherAsync(Array.ConvertAll(frames, static frame => frame.Bytes));
            Reach(node);
            return replies;
        }

        private RaftNode Reach(string node) =>
            !trio.Cut.ContainsKey(from) && !trio.Cut.ContainsKey(node) && trio._running.TryGetValue(node, out RaftNode? running) ? running : throw new IOException("unreachable");
    }
}
