using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
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
    /// <summary>The group that holds the store.</summary>
    public const string StoreGroup = "g1";

    private readonly ConcurrentDictionary<string, KeyValueStateMachine> _machines = new(StringComparer.Ordinal);
    private readonly NodeDirectory _directory;
    private readonly ClusterDescription _cluster;
    private readonly ILogger _logger;
    private NodeMetrics? _metrics;
    private string _state = "Running";

    private NodeService(NodeDirectory directory, ClusterDescription cluster, ILogger logger) =>
        (_directory, _cluster, _logger) = (directory, cluster, logger);

    /// <summary>The node's name.</summary>
    public string Node => _directory.Identity.Node;

    /// <summary>Its replicas; null when it cannot serve, and <see cref="Problem"/> says why.</summary>
    public RaftNode? Raft { get; private set; }

    /// <summary>Why it cannot serve, with the way out; null when it can.</summary>
    public string? Problem { get; private set; }

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
        RaftNodeOptions raft = new()
        {
            ClusterId = _cluster.ClusterId, Node = Node, NodeId = _directory.Identity.NodeId, Raft = options.Raft,
            SnapshotThresholdBytes = options.SnapshotThresholdBytes, Time = options.Time,
        };
        try
        {
            Raft = RaftNode.Start(raft, _directory.Disk, transport, MakeMachine, _logger);
        }
        catch (Exception e) when (e is LogCorruptException or SnapshotCorruptException or NodeDirectoryException { Error: NodeDirectoryError.Malformed })
        {
            Refuse("Corrupt", $"Node {Node} is corrupt and serves nothing: {e.Message} ({_directory.Path}). Keep the files for analysis; give the node an empty directory and add it again as a new member.");
            return;
        }

        _metrics = new NodeMetrics(Node, Raft);
        if (!Raft.HasGroup(StoreGroup)) await BeginAtCreationAsync(Raft).ConfigureAwait(false);
    }

    /// <summary>
    /// A replica may begin by itself only where the cluster was created: on the disk that its first configuration names, and only once. Anything else would be
    /// a member that has forgotten its votes. Every other node waits until the group's leader tells it that it was added.
    /// </summary>
    private async Task BeginAtCreationAsync(RaftNode raft)
    {
        if (raft.FindPast(StoreGroup) is { } past)
        {
            if (!past.Removed)
                Refuse("Corrupt", $"Node {Node} has lost its log: {_directory.Path} says that member {past.Member} of {StoreGroup} ran here, but no log of it is left. Restore the directory, or give the node an empty one and replace the member.");
            return;
        }

        Membership initial = Membership.Initial(_cluster.Nodes.Select(node => (node.Name, node.NodeId)));
        Member? self = initial.Voters.Where(voter => voter.NodeId == _directory.Identity.NodeId && voter.Node == Node).Cast<Member?>().FirstOrDefault();
        if (self is not { } member)
        {
            if (initial.Voters.Any(voter => voter.Node == Node)) LogOtherDisk(_logger, Node, _directory.Path);
            return;
        }

        KeyValueStateMachine machine = (KeyValueStateMachine)MakeMachine(new GroupId(StoreGroup, 1));
        await CreateAsync(raft, raft.CreateGroupAsync(new GroupId(StoreGroup, 1), member.Id, initial, machine)).ConfigureAwait(false);
    }

    private string WhyNoReplica(string group)
    {
        if (Raft?.FindPast(group) is { Removed: true } past) return $"Node {Node} was member {past.Member} of {group} and was removed; add-replica makes it another member.";
        return _cluster.Nodes.Any(node => node.Name == Node && node.NodeId != _directory.Identity.NodeId)
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

    private KeyValueStateMachine MakeMachine(GroupId group) =>
        _machines[group.Name] = new KeyValueStateMachine(ShardFunction.Parse(_cluster.ShardFunction), _cluster.Limits);

    private void Refuse(string state, string problem)
    {
        (_state, Problem) = (state, problem);
        LogRefusal(_logger, problem);
    }

    /// <summary>A replica as people see it.</summary>
    /// <param name="group">The group's name.</param>
    public async Task<ReplicaStatus> DescribeAsync(string group)
    {
        ReplicaState? state = Raft is null ? null : await Raft.GetStateAsync(group).ConfigureAwait(false);
        Guid disk = _directory.Identity.NodeId;
        if (state is null)
            return new ReplicaStatus { Group = group, Node = Node, NodeId = disk, State = Problem is null ? "NotMember" : _state, Detail = Problem ?? WhyNoReplica(group) };
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
            Keys = _machines.TryGetValue(group, out KeyValueStateMachine? machine) ? machine.Statistics.Keys : 0,
            Voters = [.. state.Membership.Voters.Select(static voter => voter.Node)],
            NodeId = disk,
            ConfigurationIndex = state.Membership.Index.Value,
            IsChanging = state.Membership.IsJoint || state.Membership.Index > state.Commit,
            Members = DescribeMembers(state),
        };
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

    /// <summary>Hands over every leadership held here, to whoever takes it first. For a graceful stop.</summary>
    /// <param name="isUp">Whether a node can be reached: one that cannot would only be waited for.</param>
    public async Task HandOverAsync(Func<string, bool> isUp)
    {
        ArgumentNullException.ThrowIfNull(isUp);
        if (Raft is null) return;
        foreach (GroupId group in Raft.Groups)
        {
            ReplicaState? state = await Raft.GetStateAsync(group.Name).ConfigureAwait(false);
            if (state?.Role != RaftRole.Leader) continue;
            foreach (Member member in state.Membership.Voters)
                if (member.Node != Node && isUp(member.Node) && await TransferLeadershipAsync(group.Name, member.Node).ConfigureAwait(false) is null)
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

    [LoggerMessage(10, LogLevel.Error, "{Problem}")]
    private static partial void LogRefusal(ILogger logger, string problem);

    [LoggerMessage(11, LogLevel.Warning, "Node {Node} has another disk ({Path}) than the one that the cluster was created with; it serves nothing until it is made a member.")]
    private static partial void LogOtherDisk(ILogger logger, string node, string path);
}
