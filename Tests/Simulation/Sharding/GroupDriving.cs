using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>Carries out what the real <see cref="HandoffDriver"/> of one group says on one node, in one life of it: the simulated world's <c>GroupDriver</c>.</summary>
internal sealed class GroupDriving
{
    private readonly NodeSharding _sharding;
    private readonly SimulatedNode _node;
    private readonly HandoffDriver _driver;
    private readonly Queue<Action<List<HandoffEffect>>> _news = new();
    private readonly string _name;
    private long _turn;
    private bool _busy;
    private bool _stopped;

    internal GroupDriving(NodeSharding sharding, SimulatedNode node, GroupRef self, HandoffDriverOptions options)
    {
        (_sharding, _node, Self, _name) = (sharding, node, self, GroupNames.Of(self.Gid));
        _driver = new HandoffDriver(self, options);
        Wait(World.StepUs);
    }

    internal GroupRef Self { get; }

    internal void Stop() => _stopped = true;

    internal void Poke(int shard, long move) => Tell(_ => _driver.Poked(move, new ShardId(shard)));

    internal void LookAgain() => Tell(static _ => { });

    private void Tell(Action<List<HandoffEffect>> news)
    {
        _news.Enqueue(news);
        if (!_busy) Wait(World.StepUs);
    }

    private void Wait(long us)
    {
        long turn = ++_turn;
        _node.After(us, () =>
        {
            if (turn == _turn && !_stopped && !_busy) _ = TurnAsync();
        });
    }

    private async Task TurnAsync()
    {
        _busy = true;
        List<HandoffEffect> effects = [];
        while (_news.TryDequeue(out Action<List<HandoffEffect>>? news)) news(effects);
        try
        {
            await StepAsync(effects).ConfigureAwait(false);
        }
        catch (RaftRefusedException)
        {
            // The replica has stopped; it is looked at again.
        }

        _busy = false;
        if (_stopped) return;
        foreach (HandoffEffect effect in effects) Carry(effect);
        Wait(_news.Count > 0 ? World.StepUs : _node.Elapsing(_driver.PauseMs * 1000L));
    }

    private async Task StepAsync(List<HandoffEffect> effects)
    {
        if (_sharding.View is not { } view || _node.Raft is not { } raft) return;
        (bool isLeader, ShardStatus[] shards) = await raft.LookAsync(
            _name, static (machine, leads, _) => (leads, leads ? StoreOf(machine).DescribeMoves() : [])).ConfigureAwait(false);
        _driver.Step(_sharding.NowMs, isLeader, shards, view, effects);
    }

    private static KeyValueStateMachine StoreOf(IStateMachine machine) => (KeyValueStateMachine)((IWrappedMachine)machine).Inner;

    private void Carry(in HandoffEffect effect)
    {
        _sharding.Watch?.Effect(_node, Self, effect);
        _sharding.Trace?.Line($"{_node.Name}'s driver of {Self}: {effect.Kind} {Describe(effect)} for {effect.Move}");
        switch (effect.Kind)
        {
            case HandoffEffectKind.Propose: _ = ProposeAsync(effect); break;
            case HandoffEffectKind.Pull: _ = PullAsync(effect); break;
            case HandoffEffectKind.Poke: _sharding.Poke(GroupNames.Of(effect.Peer.Gid), NodesOf(effect.Peer), effect.Move.Shard.Value, effect.Move.Id); break;
            case HandoffEffectKind.ReportCommitted or HandoffEffectKind.ReportAborted: _ = ReportAsync(effect.Report); break;
            case HandoffEffectKind.SlowWrites: _sharding.Delays.Set(_name, effect.Move.Shard, effect.DelayMs); break;
            default: break; // whoever watches was told
        }
    }

    private static string Describe(in HandoffEffect effect)
    {
        if (effect.Kind == HandoffEffectKind.Propose && !HandoffCommand.Read(effect.Payload.Span, out HandoffCommand command).IsError) return $"{command.Kind} {command.Attempt}";
        if (effect.Kind == HandoffEffectKind.Pull && !PullRequest.Read(effect.Payload, out PullRequest request).IsError) return $"{request.Stage} {request.Attempt} from {request.Next}";
        return "";
    }

    private async Task ProposeAsync(HandoffEffect effect)
    {
        if (_node.Raft is not { } raft) return;
        await raft.ProposeAsync(_name, Self.Incarnation, effect.Payload, new LogTime(effect.NotBeforeMs), isUrgent: true).ConfigureAwait(false);
        LookAgain();
    }

    private async Task PullAsync(HandoffEffect effect)
    {
        ClerkReply reply = await _sharding.CallAsync(GroupNames.Of(effect.Peer.Gid), NodesOf(effect.Peer), effect.Peer.Incarnation, isQuery: true, effect.Payload).ConfigureAwait(false);
        if (reply.Status == ReplyStatus.Ok && !PullAnswer.Read(reply.Result, out PullAnswer answer).IsError)
        {
            _sharding.Trace?.Line($"{_node.Name}'s driver of {Self} hears {answer.Kind} {answer.Attempt}, move {answer.Move} of shard {answer.Shard}");
            Tell(effects => _driver.Answered(_sharding.NowMs, answer, effects));
        }
    }

    private async Task ReportAsync(ControllerCommand report)
    {
        await _sharding.ReportAsync(report).ConfigureAwait(false);
        _sharding.LookAgain();
    }

    private IReadOnlyList<string> NodesOf(GroupRef group) => _sharding.Map?.Find(group.Gid) is { } place ? [.. place.Nodes.Select(static node => node.Name)] : [];
}
