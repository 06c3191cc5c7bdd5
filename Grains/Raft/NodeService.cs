using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Controller;
using Quorleans.KeyValue.Handoff;
using Quorleans.KeyValue.Members;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Grains.Raft;

/// <summary>
/// A node in its silo: its data directory, its log and its replicas. Opened before the silo starts, so that grains find it ready; disposed after the
/// silo has stopped.
/// </summary>
public sealed partial class NodeService : IAsyncDisposable
{
    /// <summary>The group that a cluster is created with, and that owns all shards then.</summary>
    public const string StoreGroup = "g1";

    // A stop must end: whoever takes a leadership does so within milliseconds, or cannot.
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, IStateMachine> _machines = new(StringComparer.Ordinal);
    private readonly NodeDirectory _directory;
    private readonly ClusterDescription _cluster;
    private readonly ILogger _logger;
    private NodeMetrics? _metrics;
    private string? _refusal;

    private NodeService(NodeDirectory directory, ClusterDescription cluster, ILogger logger) =>
        (_directory, _cluster, _logger, Shards) = (directory, cluster, logger, ShardFunction.Parse(cluster.ShardFunction));

    /// <summary>The node's name.</summary>
    public string Node => _directory.Identity.Node;

    /// <summary>The random id of its data directory.</summary>
    public Guid NodeId => _directory.Identity.NodeId;

    /// <summary>The cluster's shard function.</summary>
    public ShardFunction Shards { get; }

    /// <summary>The nodes that the shard controller's group began on.</summary>
    public IReadOnlyList<string> ControllerNodes => [.. _cluster.Nodes.Select(static node => node.Name)];

    /// <summary>By how many milliseconds a client's writes to a group are to be delayed; null: never.</summary>
    public Func<string, ReadOnlyMemory<byte>, int>? DelayOfWrites { get; set; }

    /// <summary>How shards are handed over.</summary>
    public HandoffDriverOptions Handoff { get; private set; } = HandoffDriverOptions.Default;

    /// <summary>The store of a replica group here, or null. It changes on the node's loop: only what is safe on other threads may be read.</summary>
    /// <param name="group">The group's name.</param>
    public KeyValueStateMachine? FindStore(string group) => _machines.GetValueOrDefault(group) as KeyValueStateMachine;

    /// <summary>The nodes that were added and removed, as far as the replica here of the group that remembers them knows; null where there is none.</summary>
    public NodesAnswer? Nodes => (_machines.GetValueOrDefault(GroupNames.Members) as MembersStateMachine)?.Nodes;

    /// <summary>Its replicas; null when it cannot serve, and <see cref="Problem"/> says why.</summary>
    public RaftNode? Raft { get; private set; }

    /// <summary>Why it cannot serve, with the way out; null when it can.</summary>
    public string? Problem => _refusal ?? Raft?.StopReason;

    /// <summary>Opens a node: locks and checks its directory, recovers its log, starts its replicas.</summary>
    /// <param name="options">Its name and directory, and how it is driven.</param>
    /// <param name="cluster">The cluster that it belongs to.</param>
    /// <param name="transport">Carries its messages.</param>
    /// <param name="logger">Where failures are reported.</param>
    /// <returns>The node. A corrupt log does not fail the start: the node then serves nothing, and says so where people look.</returns>
    /// <exception cref="NodeDirectoryException">The directory cannot be used.</exception>
    /// <exception cref="DiskException">The disk failed.</exception>
    public static async Task<NodeService> OpenAsync(NodeServiceOptions options, ClusterDescription cluster, IRaftTransport transport, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(cluster);
        NodeDirectory directory = NodeDirectory.Open(options.DataDirectory, options.Node, cluster.ClusterId);
        NodeService service = new(directory, cluster, logger);
        try
        {
            await service.StartAsync(options, transport).ConfigureAwait(false);
            return service;
        }
        catch
        {
            await service.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task StartAsync(NodeServiceOptions options, IRaftTransport transport)
    {
        Handoff = options.Handoff;
        RaftNodeOptions raft = new()
        {
            ClusterId = _cluster.ClusterId, Node = Node, NodeId = _directory.Identity.NodeId, Raft = options.Raft,
            SnapshotThresholdBytes = options.SnapshotThresholdBytes, LogSegmentBytes = options.LogSegmentBytes, MaxGather = options.MaxGather, Time = options.Time,
        };
        try
        {
            IDisk disk = options.ChangeDisk?.Invoke(_directory.Disk) ?? _directory.Disk;
            Raft = RaftNode.Start(raft, disk, transport, MakeMachine, _logger);
        }
        catch (Exception e) when (e is LogCorruptException or SnapshotCorruptException or NodeDirectoryException { Error: NodeDirectoryError.Malformed })
        {
            Refuse($"Node {Node} is corrupt and serves nothing: {e.Message} ({_directory.Path}). Keep the files for analysis; give the node an empty directory and add it again as a new member.");
            return;
        }

        _metrics = new NodeMetrics(Node, Raft);
        foreach (string group in (string[])[GroupNames.Members, GroupNames.Controller, StoreGroup])
            if (_refusal is null && !Raft.HasGroup(group)) await BeginAtCreationAsync(Raft, group).ConfigureAwait(false);
    }

    // Where a group began when the cluster was created.
    private IReadOnlyList<ClusterNode> FirstNodesOf(string group) => group == GroupNames.Members ? _cluster.Members : _cluster.Nodes;

    /// <summary>
    /// A replica may begin by itself only where the cluster was created: on the disk that its first configuration names, and only once. Anything else would be
    /// a member that has forgotten its votes. Every other node waits until the group's leader tells it that it was added.
    /// </summary>
    private async Task BeginAtCreationAsync(RaftNode raft, string group)
    {
        if (raft.FindPast(group) is { } past)
        {
            if (!past.Removed)
                Refuse($"Node {Node} has lost its log: {_directory.Path} says that member {past.Member} of {group} ran here, but no log of it is left. Restore the directory, or give the node an empty one and replace the member.");
            return;
        }

        IReadOnlyList<ClusterNode> first = FirstNodesOf(group);
        if (first.Any(node => node.Name == Node && node.NodeId != NodeId)) LogOtherDisk(_logger, Node, _directory.Path);
        if (first.Count > 0) await CreateGroupAsync(new GroupId(group, 1), first.Select(static node => (node.Name, node.NodeId))).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes this node's replica of a new group, if the group's first configuration names this disk and nothing of it was ever here. Members that come later are
    /// made when the group's leader says so.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="first">The nodes that it begins on, in the order that gives their members' ids, with their disks.</param>
    public async Task CreateGroupAsync(GroupId group, IEnumerable<(string Node, Guid NodeId)> first)
    {
        if (Raft is not { } raft || raft.HasGroup(group.Name)) return;
        Membership initial = Membership.Initial(first);
        Member? self = initial.Voters.Where(voter => voter.NodeId == NodeId && voter.Node == Node).Cast<Member?>().FirstOrDefault();
        if (self is { } member) await CreateAsync(raft, raft.CreateGroupAsync(group, member.Id, initial, MakeMachine(group))).ConfigureAwait(false);
    }

    private string WhyNoReplica(string group)
    {
        if (Raft?.FindPast(group) is { Removed: true } past) return $"Node {Node} was member {past.Member} of {group} and was removed; add-replica makes it another member.";
        return FirstNodesOf(group).Any(node => node.Name == Node && node.NodeId != _directory.Identity.NodeId)
            ? $"Node {Node} has another disk than the one that the cluster was created with ({_directory.Path} is {_directory.Identity.NodeId}), so it is not a member of {group}. Restore its old directory, or replace the member: replace-replica {group} {Node} {Node}."
            : $"Node {Node} has no replica of {group}; add-replica gives it one.";
    }

    // A log that has no space keeps what it is given until there is some. That is right for a node that runs, but a start must end.
    private async Task CreateAsync(RaftNode raft, Task creation)
    {
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(100));
        while (await Task.WhenAny(creation, look.WaitForNextTickAsync().AsTask()).ConfigureAwait(false) != creation)
        {
            if (await raft.IsDiskExhaustedAsync().ConfigureAwait(false) && !creation.IsCompleted)
                throw new NodeDirectoryException(NodeDirectoryError.DiskFull, _directory.Path, $"The disk of the data directory '{_directory.Path}' is full: it has no room for a log. Make space, then start again.");
        }

        await creation.ConfigureAwait(false);
    }

    private IStateMachine MakeMachine(GroupId group)
    {
        if (group.Name == GroupNames.Controller) return _machines[group.Name] = new ControllerStateMachine(ControllerOptionsOf(_cluster, Shards));
        if (group.Name == GroupNames.Members) return _machines[group.Name] = new MembersStateMachine();
        if (!GroupNames.TryParse(group.Name, out int gid)) throw new ArgumentException($"{group.Name} is no group of this program.", nameof(group));
        return _machines[group.Name] = new KeyValueStateMachine(Shards, _cluster.Limits, new GroupRef(gid, group.Incarnation), ownsAll: group == new GroupId(StoreGroup, 1), Handoff.Limits);
    }

    // The same on all replicas for ever: the cluster's description, of which everything here is made, never changes.
    private static ControllerOptions ControllerOptionsOf(ClusterDescription cluster, ShardFunction shards) => new()
    {
        ShardCount = shards.ShardCount,
        Nodes = [.. cluster.Nodes.Select(static node => new ControllerNode(node.Name, node.NodeId))],
        Groups = [new JoiningGroup(1, [.. cluster.Nodes.Select(static node => node.Name)])],
    };

    private void Refuse(string problem)
    {
        _refusal = problem;
        LogRefusal(_logger, problem);
    }

    // What has stopped is no node that only waits to be made a member: whoever adds a replica to it waits for ever.
    private string StateWithoutReplica => _refusal is not null ? "Corrupt" : Problem is not null ? "Failed" : "NotMember";

    /// <summary>A replica as people see it.</summary>
    /// <param name="group">The group's name.</param>
    public async Task<ReplicaStatus> DescribeAsync(string group)
    {
        ReplicaState? state = Raft is null ? null : await Raft.GetStateAsync(group).ConfigureAwait(false);
        Guid disk = _directory.Identity.NodeId;
        if (state is null)
            return new ReplicaStatus { Group = group, Node = Node, NodeId = disk, State = StateWithoutReplica, Detail = Problem ?? WhyNoReplica(group) };
        return new ReplicaStatus
        {
            Group = group,
            Incarnation = state.Group.Incarnation,
            Node = Node,
            MemberId = state.Self.Value,
            State = state.Failure is not null ? "Failed" : state.DiskFull ? "DiskFull" : state.IsMember ? "Running" : "NotMember",
            Detail = state.Failure,
            Role = state.Membership.IsVoter(state.Self) ? state.Role.ToString() : "Learner",
            Term = state.Term.Value,
            Leader = state.Leader,
            FirstIndex = state.First.Value,
            LastIndex = state.Last.Value,
            DurableIndex = state.Durable.Value,
            CommitIndex = state.Commit.Value,
            AppliedIndex = state.Applied.Value,
            SnapshotIndex = state.Snapshot.Value,
            LogBytes = state.LogBytes,
            Keys = FindStore(group)?.Statistics.Keys ?? 0,
            Voters = [.. state.Membership.Voters.Select(static voter => voter.Node)],
            NodeId = disk,
            ConfigurationIndex = state.Membership.Index.Value,
            IsChanging = state.Membership.IsJoint || state.Membership.Index > state.Commit,
            Members = DescribeMembers(state),
        };
    }

    /// <summary>The shards of a replica here; empty when it holds no store or cannot tell.</summary>
    /// <param name="group">The group's name.</param>
    public async Task<ShardReport[]> DescribeShardsAsync(string group)
    {
        if (Raft is not { } raft || FindStore(group) is null) return [];
        try
        {
            ShardStatus[] shards = await raft.LookAsync(group, static (machine, _, _) => ((KeyValueStateMachine)machine).DescribeShards()).ConfigureAwait(false);
            return [.. shards.Select(static shard => new ShardReport
            {
                Shard = shard.Shard.Value, Phase = shard.Phase.ToString(), Epoch = shard.Epoch, Keys = shard.Keys, Bytes = shard.Bytes,
                Digest = shard.Seal.ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
            })];
        }
        catch (RaftRefusedException)
        {
            return [];
        }
    }

    /// <summary>Hands a group's leadership to another node, and waits until it leads.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="target">The node that shall lead.</param>
    /// <returns>Null when it leads; otherwise why not.</returns>
    public async Task<string?> TransferLeadershipAsync(string group, string target)
    {
        if (Raft is null) return Problem;
        TransferStatus status = await Raft.TransferLeadershipAsync(group, target).ConfigureAwait(false);
        switch (status)
        {
            case TransferStatus.AlreadyLeader: return null;
            case TransferStatus.NotVoter: return $"{target} has no vote in {group}.";
            case TransferStatus.NotLeader: return $"{Node} does not lead {group}; ask the node that does.";
            case TransferStatus.Started:
            default: break;
        }

        using PeriodicTimer poll = new(TimeSpan.FromMilliseconds(10));
        for (int i = 0; i < 300 && await poll.WaitForNextTickAsync().ConfigureAwait(false); i++)
            if ((await Raft.GetStateAsync(group).ConfigureAwait(false))?.Leader == target) return null;
        return $"{target} did not take over within 3 s; it may be down or far behind.";
    }

    /// <summary>Hands over every leadership held here, to whoever takes it first, for at most about ten seconds: from a node that is cut off none goes. For a graceful stop.</summary>
    /// <param name="isUp">Whether a node can be reached: one that cannot would only be waited for.</param>
    public async Task HandOverAsync(Func<string, bool> isUp)
    {
        ArgumentNullException.ThrowIfNull(isUp);
        if (Raft is null) return;
        long start = Stopwatch.GetTimestamp();
        foreach (GroupId group in Raft.Groups)
        {
            ReplicaState? state = await Raft.GetStateAsync(group.Name).ConfigureAwait(false);
            if (state?.Role != RaftRole.Leader) continue;
            foreach (Member member in state.Membership.Voters)
                if (member.Node != Node && isUp(member.Node) && Stopwatch.GetElapsedTime(start) < HandOverPatience && await TransferLeadershipAsync(group.Name, member.Node).ConfigureAwait(false) is null)
                    break;
        }
    }

    /// <summary>Ends it as a crash would: nothing more is written, sent or answered.</summary>
    public void Kill() => Raft?.Kill($"Node {Node} was stopped abruptly.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _metrics?.Dispose();
        if (Raft is { } raft) await raft.DisposeAsync().ConfigureAwait(false);
        _directory.Dispose();
    }

    // Once: a peer that was upgraded too far goes on asking.
    [LoggerMessage(12, LogLevel.Error, "{Refusal}")]
    private static partial void LogNewer(ILogger logger, string refusal);

    [LoggerMessage(10, LogLevel.Error, "{Problem}")]
    private static partial void LogRefusal(ILogger logger, string problem);

    [LoggerMessage(11, LogLevel.Warning, "Node {Node} has another disk ({Path}) than the one that the cluster was created with; it serves nothing until it is made a member.")]
    private static partial void LogOtherDisk(ILogger logger, string node, string path);
}
