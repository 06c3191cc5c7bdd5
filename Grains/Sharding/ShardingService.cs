using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quorleans.Grains.Raft;
using Quorleans.KeyValue;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Sharding;

/// <summary>
/// Makes a node what the shard controller's newest map says: replicas of new groups begin, those of groups that are gone end, and where this node leads a
/// group its hand-offs are driven. Everything is found out by looking, again and again; no message has to arrive.
/// </summary>
public sealed partial class ShardingService : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500), Busy = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentDictionary<string, GroupDriver> _drivers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Group, ShardId Shard), int> _slow = new();
    private readonly SemaphoreSlim _again = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly NodeService _node;
    private readonly GroupCaller _caller;
    private readonly TimeProvider _time;
    private readonly ILogger<ShardingService> _logger;
    private volatile ShardMap? _map;
    private volatile ControllerView? _view;
    private Task _running = Task.CompletedTask;

    /// <summary>Creates the service; it begins when the silo is active.</summary>
    /// <param name="node">The node that the silo hosts.</param>
    /// <param name="caller">Calls other nodes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are reported.</param>
    public ShardingService(NodeService node, GroupCaller caller, TimeProvider time, ILogger<ShardingService> logger)
    {
        (_node, _caller, _time, _logger) = (node, caller, time, logger);
        Link = new ControllerLink(caller, () => node.ControllerNodes.Union(_map?.Nodes.Select(static known => known.Name) ?? [], StringComparer.Ordinal).ToList());
    }

    /// <summary>The node's line to the controller.</summary>
    public ControllerLink Link { get; }

    /// <summary>The newest map that this node knows, or null.</summary>
    public ShardMap? Map => _map;

    /// <summary>What the newest map says to drivers of hand-offs, or null.</summary>
    internal ControllerView? View => _view;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(lifecycle);
        lifecycle.Subscribe(nameof(ShardingService), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());
    }

    /// <summary>A group's source has something new for the destination that this node leads.</summary>
    /// <param name="group">The destination's name.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="move">The move's id.</param>
    public void Poke(string group, int shard, long move)
    {
        if (_drivers.TryGetValue(group, out GroupDriver? driver)) driver.Poke(shard, move);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _again.Dispose();
    }

    private Task StartAsync()
    {
        _node.DelayOfWrites = DelayOf;
        // Not on a scheduler of Orleans: it works with the node's loop and must not wait for grains.
        _running = Task.Run(() => RunAsync(_stopping.Token));
        return Task.CompletedTask;
    }

    private async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        foreach (GroupDriver driver in _drivers.Values) await driver.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The map has most likely changed: look at once.</summary>
    internal void LookAgain()
    {
        if (_again.CurrentCount == 0) _again.Release();
    }

    /// <summary>Delays writes to a shard whose copy cannot keep up with them.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="delayMs">By how much; 0: no more.</param>
    internal void Slow(string group, ShardId shard, int delayMs)
    {
        if (delayMs == 0) _slow.TryRemove((group, shard), out _);
        else _slow[(group, shard)] = delayMs;
    }

    /// <summary>By how many milliseconds a batch of writes is to be delayed.</summary>
    private int DelayOf(string group, ReadOnlyMemory<byte> payload)
    {
        if (_slow.IsEmpty) return 0;
        int delay = 0;
        var batch = new WriteBatchReader(payload.Span);
        while (batch.TryRead(out WriteOperationView operation))
            if (_slow.TryGetValue((group, _node.Shards.Of(operation.Key)), out int ms)) delay = Math.Max(delay, ms);
        return delay;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(cancellationToken).ConfigureAwait(false);
                bool moving = _map?.Shards.Any(static shard => shard.IsMoving) ?? false;
                await _again.WaitAsync(moving ? Busy : Idle, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogRoundFailed(_logger, _node.Node, e);
                await Task.Delay(Idle, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        if (_node.Raft is not { } raft || await Link.GetMapAsync(_map, cancellationToken).ConfigureAwait(false) is not { } seen) return;
        ShardMap map = seen.Map;
        if (map != _map) (_map, _view) = (map, map.ToView());
        ControllerNode self = new(_node.Node, _node.NodeId);
        if (!map.Nodes.Contains(self)) await Link.ReportAsync(new RegisterNodeCommand(self), cancellationToken).ConfigureAwait(false);
        foreach (GroupPlace group in map.Groups)
            if (group.Nodes.Contains(self)) await HostAsync(raft, group, new LogTime(seen.TimeMs), cancellationToken).ConfigureAwait(false);
        foreach (GroupPlace group in map.Gone)
            if (group.Nodes.Contains(self)) await EndAsync(raft, group, cancellationToken).ConfigureAwait(false);
        foreach ((string name, GroupDriver driver) in _drivers)
            if (!raft.HasGroup(name) && _drivers.TryRemove(name, out _)) await driver.DisposeAsync().ConfigureAwait(false);
    }

    private async Task HostAsync(RaftNode raft, GroupPlace place, LogTime controllersTime, CancellationToken cancellationToken)
    {
        GroupId id = IdOf(place);
        // Only as it began, and once: members that came later are told by the group's leader, and one that lost its log must not begin anew.
        bool isNew = !raft.HasGroup(id.Name) && place.Version == 0 && (raft.FindPast(id.Name) is not { } past || past.Incarnation < id.Incarnation);
        if (isNew) await _node.CreateGroupAsync(id, place.Nodes.Select(static node => (node.Name, node.NodeId))).ConfigureAwait(false);
        if (!raft.Groups.Contains(id)) return;
        _drivers.GetOrAdd(id.Name, _ => new GroupDriver(new GroupRef(place.Gid, place.Incarnation), raft, this, _caller, _node.Handoff, _time, _logger));
        raft.RaiseTime(id.Name, controllersTime);
        if (await raft.GetStateAsync(id.Name).ConfigureAwait(false) is not { Role: RaftRole.Leader, Failure: null } state || state.Group != id) return;
        if (place.Phase == GroupPhase.Joining) await Link.ReportAsync(new GroupActiveCommand(place.Gid, place.Incarnation), cancellationToken).ConfigureAwait(false);
        await ReportMembersAsync(place, state, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReportMembersAsync(GroupPlace place, ReplicaState state, CancellationToken cancellationToken)
    {
        Membership now = state.Membership;
        if (now.IsJoint || now.Index > state.Commit || now.Index.Value <= place.Version) return;
        await Link.ReportAsync(
            new MembersChangedCommand(place.Gid, place.Incarnation, now.Index.Value, [.. now.Voters.Select(static voter => new ControllerNode(voter.Node, voter.NodeId))]),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task EndAsync(RaftNode raft, GroupPlace place, CancellationToken cancellationToken)
    {
        GroupId id = IdOf(place);
        if (_drivers.TryRemove(id.Name, out GroupDriver? driver)) await driver.DisposeAsync().ConfigureAwait(false);
        if (await raft.EndGroupAsync(id).ConfigureAwait(false))
            await Link.ReportAsync(new GroupCleanedCommand(place.Gid, place.Incarnation, _node.Node), cancellationToken).ConfigureAwait(false);
    }

    private static GroupId IdOf(GroupPlace place) => new(GroupNames.Of(place.Gid), place.Incarnation);

    [LoggerMessage(20, LogLevel.Warning, "Node {Node} could not follow the shard controller; it tries again.")]
    private static partial void LogRoundFailed(ILogger logger, string node, Exception reason);
}
