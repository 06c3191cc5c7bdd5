using System.Collections.Immutable;
using Quorleans.KeyValue;

namespace Quorleans.Simulation;

/// <summary>Somebody who lets groups join and leave and moves shards, one command after another, all the time; every command exactly once.</summary>
internal sealed class ShardMover
{
    private readonly ShardedCluster _cluster;
    private readonly ShardedSwarm _swarm;
    private readonly SimulatedRequester _requester;
    private readonly SimulationRandom _random;
    private readonly Marks _marks;
    private readonly ClientId _client;
    private long _sequence;
    private bool _stopped;
    private ShardMap? _seen;

    internal ShardMover(ShardedCluster cluster, ShardedSwarm swarm, SimulatedRequester requester, Marks marks)
    {
        (_cluster, _swarm, _requester, _marks, _random) = (cluster, swarm, requester, marks, cluster.World.Random.Fork());
        _client = new ClientId(new UInt128(_random.Next(), _random.Next() | 1));
    }

    internal bool IsIdle { get; private set; } = true;

    internal void Start() => Think();

    internal void Stop() => _stopped = true;

    private void Think()
    {
        // Sometimes at once: a move that is not wanted any more while it is on its way.
        long pause = _random.OneIn(3) ? _random.Between(0, 100_000) : _random.Between(0, 2 * _swarm.MoveIntervalUs);
        _requester.After(pause, () =>
        {
            if (!_stopped) Begin();
        });
    }

    private void Begin()
    {
        _seen = _cluster.Map ?? _seen;
        if (_seen is not { } map)
        {
            Think();
            return;
        }

        ControllerCommand command = Choose(map);
        IsIdle = false;
        var session = new CommandSession(_client, ++_sequence, _sequence - 1);
        _cluster.World.Trace?.Line($"{_requester.Name} wants {command}");
        _requester.Send(isQuery: false, ControllerCodec.Encode(session, command), answer =>
        {
            string outcome = ControllerCodec.TryRead(answer.Span, out ControllerResult result).IsError ? "malformed" : result.Status.ToString();
            _cluster.World.Trace?.Line($"{_requester.Name} is answered {outcome}");
            _marks.Reached($"command: {command.GetType().Name[..^"Command".Length]}, {outcome}");
            IsIdle = true;
            Think();
        });
    }

    private ControllerCommand Choose(ShardMap map)
    {
        int[] members = [.. map.Groups.Where(static group => group.IsMember).Select(static group => group.Gid)];
        int dice = _random.Below(100);
        if (dice < 30 || members.Length < 2)
        {
            int gid = 1 + _random.Below(_swarm.Gids);
            // A group that is about to leave is called back on its own nodes; any other comes anywhere.
            if (!members.Contains(gid)) return ControllerCommand.Join(new JoiningGroup(gid, map.Find(gid) is { } leaving && !_random.OneIn(4) ? [.. leaving.Nodes.Select(static node => node.Name)] : Nodes(map)));
        }

        if (dice < 50 && members.Length > 1) return ControllerCommand.Leave(_random.Of(members));
        if (dice < 55) return new RebalanceCommand();
        return new MoveCommand(new ShardId(_random.Below(map.Shards.Length)), members.Length > 0 ? _random.Of(members) : 1);
    }

    private ImmutableArray<string> Nodes(ShardMap map)
    {
        List<string> all = [.. map.Nodes.Select(static node => node.Name)];
        int count = Math.Min(all.Count, _random.Of([1, 2, 3, 3, 3, 3]));
        while (all.Count > count) all.RemoveAt(_random.Below(all.Count));
        return [.. all];
    }
}
