using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Sharding;

/// <summary>Drives one group's hand-offs on this node: steps the pure <see cref="HandoffDriver"/> while the replica leads, and carries out what it says.</summary>
internal sealed partial class GroupDriver : IAsyncDisposable
{
    // What does not fit is lost: no step depends on a message, the driver asks again.
    private const int MaximumNews = 1024;
    private readonly Channel<Action<List<HandoffEffect>>> _news =
        Channel.CreateBounded<Action<List<HandoffEffect>>>(new BoundedChannelOptions(MaximumNews) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _name;
    private readonly RaftNode _raft;
    private readonly ShardingService _sharding;
    private readonly GroupCaller _caller;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HandoffDriver _driver;
    private readonly Task _running;

    public GroupDriver(GroupRef self, RaftNode raft, ShardingService sharding, GroupCaller caller, HandoffDriverOptions options, TimeProvider time, ILogger logger)
    {
        (Self, _raft, _sharding, _caller, _time, _logger) = (self, raft, sharding, caller, time, logger);
        _name = GroupNames.Of(self.Gid);
        _driver = new HandoffDriver(self, options);
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    public GroupRef Self { get; }

    private long NowMs => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    public void Poke(int shard, long move) => _news.Writer.TryWrite(_ => _driver.Poked(move, new ShardId(shard)));

    /// <summary>There is another map: the next step is due at once.</summary>
    public void LookAgain() => _news.Writer.TryWrite(static _ => { });

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        List<HandoffEffect> effects = [];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                effects.Clear();
                while (_news.Reader.TryRead(out Action<List<HandoffEffect>>? news)) news(effects);
                await StepAsync(effects).ConfigureAwait(false);
                foreach (HandoffEffect effect in effects) Carry(effect, cancellationToken);
                await WaitAsync(TimeSpan.FromMilliseconds(_driver.PauseMs), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Most likely the replica has stopped; if not, it is looked at again.
                LogFailed(_logger, Self, e);
                await Task.Delay(TimeSpan.FromMilliseconds(_driver.PauseMs), _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task StepAsync(List<HandoffEffect> effects)
    {
        if (_sharding.View is not { } view) return;
        (bool isLeader, ShardStatus[] shards) = await _raft.LookAsync(
            _name, static (machine, leads, _) => (leads, leads ? ((KeyValueStateMachine)machine).DescribeMoves() : [])).ConfigureAwait(false);
        _driver.Step(NowMs, isLeader, shards, view, effects);
    }

    private async Task WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task news = _news.Reader.WaitToReadAsync(wait.Token).AsTask();
        Task pause = Task.Delay(limit, _time, wait.Token);
        await Task.WhenAny(news, pause).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
    }

    private void Carry(in HandoffEffect effect, CancellationToken cancellationToken)
    {
        switch (effect.Kind)
        {
            case HandoffEffectKind.Propose: _ = ProposeAsync(effect); break;
            case HandoffEffectKind.Pull: _ = PullAsync(effect, cancellationToken); break;
            case HandoffEffectKind.Poke: _ = _caller.PokeAsync(GroupNames.Of(effect.Peer.Gid), NodesOf(effect.Peer), effect.Move.Shard.Value, effect.Move.Id); break;
            case HandoffEffectKind.ReportCommitted or HandoffEffectKind.ReportAborted: _ = ReportAsync(effect.Report, cancellationToken); break;
            case HandoffEffectKind.SlowWrites: _sharding.Slow(_name, effect.Move.Shard, effect.DelayMs); break;
            default: LogAlarm(_logger, effect.Text ?? effect.Move.ToString()); break;
        }
    }

    private async Task ProposeAsync(HandoffEffect effect)
    {
        await _raft.ProposeAsync(_name, Self.Incarnation, effect.Payload, new LogTime(effect.NotBeforeMs), isUrgent: true).ConfigureAwait(false);
        // Whatever came of it, it shows in the state.
        LookAgain();
    }

    private async Task PullAsync(HandoffEffect effect, CancellationToken cancellationToken)
    {
        SubmitRequest request = new(effect.Peer.Incarnation, isQuery: true, effect.Payload.ToArray());
        SubmitReply reply = await _caller.CallAsync(GroupNames.Of(effect.Peer.Gid), NodesOf(effect.Peer), request, cancellationToken).ConfigureAwait(false);
        if (reply.Status == SubmitStatus.Ok && !PullAnswer.Read(reply.Result, out PullAnswer answer).IsError)
            _news.Writer.TryWrite(effects => _driver.Answered(NowMs, answer, effects));
    }

    private async Task ReportAsync(ControllerCommand report, CancellationToken cancellationToken)
    {
        await _sharding.Link.ReportAsync(report, cancellationToken).ConfigureAwait(false);
        _sharding.LookAgain();
    }

    private IReadOnlyList<string> NodesOf(GroupRef group) => _sharding.Map?.Find(group.Gid) is { } place ? [.. place.Nodes.Select(static node => node.Name)] : [];

    [LoggerMessage(21, LogLevel.Debug, "The hand-offs of {Group} could not be driven just now.")]
    private static partial void LogFailed(ILogger logger, GroupRef group, Exception reason);

    [LoggerMessage(22, LogLevel.Error, "{Text}")]
    private static partial void LogAlarm(ILogger logger, string text);
}
