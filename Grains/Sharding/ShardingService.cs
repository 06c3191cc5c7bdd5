using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quorleans.Grains.Placement;
using Quorleans.Grains.Raft;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Sharding;

/// <summary>
/// Makes a node what the shard controller's newest map says: replicas of new groups begin, those of groups that are gone end, and where this node leads a
/// group its hand-offs are driven. Everything is found out by looking, again and again; no message has to arrive.
/// </summary>
public sealed partial class ShardingService : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<string, GroupDriver> _drivers = new(StringComparer.Ordinal);
    private readonly WriteDelays _delays;
    private readonly SemaphoreSlim _again = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly NodeService _node;
    private readonly GroupCaller _caller;
    private readonly TimeProvider _time;
    private readonly ILogger<ShardingService> _logger;
    private readonly NodeReconciler _reconciler;
    private volatile ShardMap? _map;
    private volatile ControllerView? _view;
    private Task _running = Task.CompletedTask;

    /// <summary>Creates the service; it begins when the silo is active.</summary>
    /// <param name="node">The node that the silo hosts.</param>
    /// <param name="caller">Calls other nodes.</param>
    /// <param name="homes">Knows which nodes are up.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are reported.</param>
    public ShardingService(NodeService node, GroupCaller caller, HomeLocator homes, TimeProvider time, ILogger<ShardingService> logger)
    {
        (_node, _caller, _time, _logger) = (node, caller, time, logger);
        _delays = new WriteDelays(node.Shards);
        _reconciler = new NodeReconciler(new ControllerNode(node.Node, node.NodeId));
        // The controller may have moved away from all nodes that it began on, and they may be gone: any that is up can have it.
        Link = new ControllerLink(caller, () => [.. node.ControllerNodes.Union(_map?.Nodes.Select(static known => known.Name) ?? [], StringComparer.Ordinal).Union(homes.Nodes, StringComparer.Ordinal)]);
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
        _node.DelayOfWrites = _delays.Of;
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
    internal void Slow(string group, ShardId shard, int delayMs) => _delays.Set(group, shard, delayMs);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(cancellationToken).ConfigureAwait(false);
                await _again.WaitAsync(_reconciler.PauseMs, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogRoundFailed(_logger, _node.Node, e);
                await Task.Delay(RestAfterFailure, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        if (_node.Raft is not { } raft || await Link.GetMapAsync(_map, cancellationToken).ConfigureAwait(false) is not { } seen) return;
        List<NodeEffect> effects = [];
        _reconciler.Learn(seen.Map, effects);
        if (_reconciler.Map is { } map && map != _map)
        {
            (_map, _view) = (map, map.ToView());
            foreach (GroupDriver driver in _drivers.Values) driver.LookAgain();
        }

        foreach (GroupPlace place in _reconciler.Places) _reconciler.Step(place, await FindAsync(raft, place).ConfigureAwait(false), effects);
        foreach (GroupId hosted in raft.Groups)
            if (GroupNames.TryParse(hosted.Name, out int gid)) _reconciler.Sweep(gid, hosted.Incarnation, effects);
        foreach (NodeEffect effect in effects) await CarryAsync(raft, effect, new LogTime(seen.TimeMs), cancellationToken).ConfigureAwait(false);
        foreach (string name in _drivers.Keys)
            if (!raft.HasGroup(name)) await StopDrivingAsync(name).ConfigureAwait(false);
    }

    private static async Task<HostedGroup> FindAsync(RaftNode raft, GroupPlace place)
    {
        string name = GroupNames.Of(place.Gid);
        ReplicaState? state = await raft.GetStateAsync(name).ConfigureAwait(false);
        bool isSettled = state is not null && !state.Membership.IsJoint && state.Membership.Index <= state.Commit;
        return new HostedGroup
        {
            Incarnation = state?.Group.Incarnation ?? 0, PastIncarnation = raft.FindPast(name)?.Incarnation ?? 0,
            Leads = state is { Role: RaftRole.Leader, Failure: null }, Version = isSettled ? state!.Membership.Index.Value : 0,
            Nodes = isSettled ? [.. state!.Membership.Voters.Select(static voter => new ControllerNode(voter.Node, voter.NodeId))] : [],
        };
    }

    private async Task CarryAsync(RaftNode raft, NodeEffect effect, LogTime controllersTime, CancellationToken cancellationToken)
    {
        GroupPlace place = effect.Place;
        GroupId id = IdOf(place);
        switch (effect.Kind)
        {
            case NodeEffectKind.Report:
                await Link.ReportAsync(effect.Report!, cancellationToken).ConfigureAwait(false);
                break;
            case NodeEffectKind.Begin:
                await _node.CreateGroupAsync(id, place.Nodes.Select(static node => (node.Name, node.NodeId))).ConfigureAwait(false);
                LookAgain();
                break;
            case NodeEffectKind.Drive:
                GroupRef self = new(place.Gid, place.Incarnation);
                // Of a gid that came back between two looks, another incarnation was driven.
                if (_drivers.TryGetValue(id.Name, out GroupDriver? other) && other.Self != self) await StopDrivingAsync(id.Name).ConfigureAwait(false);
                _drivers.GetOrAdd(id.Name, _ => new GroupDriver(self, raft, this, _caller, _node.Handoff, _time, _logger));
                raft.RaiseTime(id.Name, controllersTime);
                break;
            default:
                await StopDrivingAsync(id.Name).ConfigureAwait(false);
                if (await raft.EndGroupAsync(id).ConfigureAwait(false)) await Link.ReportAsync(_reconciler.Cleaned(place), cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task StopDrivingAsync(string name)
    {
        if (_drivers.TryRemove(name, out GroupDriver? driver)) await driver.DisposeAsync().ConfigureAwait(false);
    }

    private static GroupId IdOf(GroupPlace place) => new(GroupNames.Of(place.Gid), place.Incarnation);

    [LoggerMessage(20, LogLevel.Warning, "Node {Node} could not follow the shard controller; it tries again.")]
    private static partial void LogRoundFailed(ILogger logger, string node, Exception reason);
}
