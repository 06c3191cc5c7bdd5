using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>
/// One life of a node that follows the shard controller: asks, and carries out what the real <see cref="NodeReconciler"/> says. The simulated world's
/// <c>ShardingService</c>, with its line to other groups. Nothing of it survives the node: whatever awaits then never goes on.
/// </summary>
internal sealed class NodeSharding
{
    private const long PatienceUs = 2_000_000;
    private readonly ShardedCluster _cluster;
    private readonly SimulatedNode _node;
    private readonly NodeReconciler _reconciler;
    private readonly Dictionary<string, string> _leaders = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, GroupDriving> _drivers = new(StringComparer.Ordinal);
    private long _round;
    private bool _busy;
    private bool _again;

    internal NodeSharding(ShardedCluster cluster, SimulatedNode node)
    {
        (_cluster, _node) = (cluster, node);
        _reconciler = new NodeReconciler(new ControllerNode(node.Name, node.NodeId));
        Delays = new WriteDelays(cluster.Options.Shards);
        node.DelayOfWrites = Delays.Of;
        Wait(World.StepUs);
    }

    internal ShardMap? Map { get; private set; }

    internal ControllerView? View { get; private set; }

    internal WriteDelays Delays { get; }

    internal IShardingWatch? Watch => _cluster.Options.Watch;

    internal Trace? Trace => _cluster.World.Trace;

    internal long NowMs => _cluster.World.NowUs / 1000;

    internal void LookAgain()
    {
        if (_busy) _again = true;
        else Wait(World.StepUs);
    }

    internal void Poked(string group, int shard, long move)
    {
        if (_drivers.TryGetValue(group, out GroupDriving? driver)) driver.Poke(shard, move);
    }

    internal Task<ClerkReply> ReportAsync(ControllerCommand report) =>
        CallAsync(GroupNames.Controller, ControllerNodes(), 0, isQuery: false, ControllerCodec.Encode(report));

    /// <summary>Asks the replicas of a group until one answers for it.</summary>
    internal async Task<ClerkReply> CallAsync(string group, IReadOnlyList<string> nodes, long incarnation, bool isQuery, ReadOnlyMemory<byte> payload)
    {
        ClerkReply last = new(ReplyStatus.Unavailable, default);
        LeaderSearch search = new(_leaders.GetValueOrDefault(group), nodes);
        while (search.Next() is { } node)
        {
            last = await AskAsync(group, node, incarnation, isQuery, payload).ConfigureAwait(false);
            if (last.Status is not (ReplyStatus.NotLeader or ReplyStatus.Unavailable))
            {
                _leaders[group] = node;
                return last;
            }

            search.Refused(last.LeaderHint);
        }

        _leaders.Remove(group);
        return last;
    }

    internal void Poke(string group, IReadOnlyList<string> nodes, int shard, long move)
    {
        foreach (string node in _leaders.TryGetValue(group, out string? leader) ? [leader] : nodes)
        {
            Packet packet = new(PacketKind.ClientRequest, _node.Name, node, group, default, default, _cluster.World.NowUs);
            if (node == _node.Name) _node.After(World.StepUs, () => Poked(group, shard, move));
            else _cluster.Network.Request(packet, _node, (receiver, _) => _cluster.ShardingOf(receiver)?.Poked(group, shard, move), static _ => { });
        }
    }

    private Task<ClerkReply> AskAsync(string group, string to, long incarnation, bool isQuery, ReadOnlyMemory<byte> payload)
    {
        TaskCompletionSource<ClerkReply> answer = new();
        if (to == _node.Name)
        {
            _node.After(World.StepUs, () => _node.Submit(group, isQuery, payload, reply => answer.TrySetResult(reply), incarnation: incarnation));
            return answer.Task;
        }

        int life = _node.Life;
        ClerkReply nobody = new(ReplyStatus.Unavailable, default);
        Packet request = new(PacketKind.ClientRequest, _node.Name, to, group, default, payload, _cluster.World.NowUs);
        _cluster.Network.Request(
            request, _node,
            (receiver, _) => receiver.Submit(group, isQuery, payload, reply => Answer(receiver, reply), incarnation: incarnation),
            _ => answer.TrySetResult(nobody));
        _node.After(PatienceUs, () => answer.TrySetResult(nobody));
        return answer.Task;

        void Answer(SimulatedNode from, ClerkReply reply)
        {
            Packet packet = new(PacketKind.ClientReply, from.Name, _node.Name, group, default, reply.Result, request.Sent);
            _cluster.Network.Reply(packet, _node, life, () => answer.TrySetResult(reply), () => answer.TrySetResult(nobody));
        }
    }

    private List<string> ControllerNodes()
    {
        List<string> nodes = [.. _cluster.ControllerNodes];
        foreach (ControllerNode known in Map?.Nodes ?? [])
            if (!nodes.Contains(known.Name)) nodes.Add(known.Name);
        return nodes;
    }

    private void Wait(long us)
    {
        long round = ++_round;
        _node.After(us, () =>
        {
            if (round == _round && !_busy) _ = TurnAsync();
        });
    }

    private async Task TurnAsync()
    {
        (_busy, _again) = (true, false);
        try
        {
            await RoundAsync().ConfigureAwait(false);
        }
        catch (RaftRefusedException)
        {
            // The node has stopped, or a replica has: it is looked at again.
        }

        _busy = false;
        Wait(_again ? World.StepUs : _node.Elapsing(_reconciler.PauseMs * 1000L));
    }

    private async Task RoundAsync()
    {
        ClerkReply reply = await CallAsync(GroupNames.Controller, ControllerNodes(), 0, isQuery: true, NodeReconciler.Question(Map)).ConfigureAwait(false);
        if (_node.Raft is not { } raft || reply.Status != ReplyStatus.Ok || NodeReconciler.Read(reply.Result.Span, Map) is not { } seen) return;
        List<NodeEffect> effects = [];
        _reconciler.Learn(seen, effects);
        if (_reconciler.Map is { } map && map != Map)
        {
            (Map, View) = (map, map.ToView());
            foreach (GroupDriving driver in _drivers.Values) driver.LookAgain();
        }

        foreach (GroupPlace place in _reconciler.Places) _reconciler.Step(place, await FindAsync(raft, place).ConfigureAwait(false), effects);
        foreach (GroupId hosted in raft.Groups)
            if (GroupNames.TryParse(hosted.Name, out int gid)) _reconciler.Sweep(gid, hosted.Incarnation, effects);
        foreach (NodeEffect effect in effects) await CarryAsync(raft, effect, new LogTime(reply.LogTimeMs)).ConfigureAwait(false);
        foreach (string name in _drivers.Keys.ToArray())
            if (!raft.HasGroup(name)) StopDriving(name);
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

    private async Task CarryAsync(RaftNode raft, NodeEffect effect, LogTime controllersTime)
    {
        GroupPlace place = effect.Place;
        if (effect.Kind != NodeEffectKind.Drive) Trace?.Line($"{_node.Name} shall {effect.Kind} {place} {effect.Report}");
        GroupId id = ShardedCluster.IdOf(place);
        switch (effect.Kind)
        {
            case NodeEffectKind.Report:
                await ReportAsync(effect.Report!).ConfigureAwait(false);
                break;
            case NodeEffectKind.Begin:
                await _node.CreateGroupAsync(id, Membership.Initial(place.Nodes.Select(static node => (node.Name, node.NodeId)))).ConfigureAwait(false);
                _again = true;
                break;
            case NodeEffectKind.Drive:
                GroupRef self = new(place.Gid, place.Incarnation);
                if (_drivers.TryGetValue(id.Name, out GroupDriving? other) && other.Self != self) StopDriving(id.Name);
                if (!_drivers.ContainsKey(id.Name)) _drivers.Add(id.Name, new GroupDriving(this, _node, self, _cluster.Options.Driver));
                raft.RaiseTime(id.Name, controllersTime);
                break;
            default:
                StopDriving(id.Name);
                if (await raft.EndGroupAsync(id).ConfigureAwait(false)) await ReportAsync(_reconciler.Cleaned(place)).ConfigureAwait(false);
                break;
        }
    }

    private void StopDriving(string name)
    {
        if (_drivers.Remove(name, out GroupDriving? driver)) driver.Stop();
    }
}
