using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Simulation;

/// <summary>A client process with the real Clerk's core in it, over the simulated network.</summary>
public sealed class SimulatedClerk : SimulatedProcess
{
    private readonly SimulatedNetwork _network;
    private readonly ClerkOptions _options;
    private readonly SimulationRandom _random;
    private readonly Dictionary<ClerkOperation, Action<ClerkOperation>> _waiting = [];
    private ClerkEffects _spare = new();
    private ClerkCore _core = null!;
    private long _wakeMs;
    private bool _advancing;
    private bool _submitted;

    /// <summary>Creates a client, running.</summary>
    /// <param name="world">Where it lives.</param>
    /// <param name="network">What connects it to the nodes.</param>
    /// <param name="name">Its name, such as <c>c1</c>.</param>
    /// <param name="options">How its Clerk works.</param>
    public SimulatedClerk(World world, SimulatedNetwork network, string name, ClerkOptions options) : base(world, name)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_network, _options, _random) = (network, options, world.Random.Fork());
        Start();
    }

    /// <summary>Whether reads may be answered by followers: they are sent to the leader's followers in turn, when the Clerk has found a leader.</summary>
    public bool ReadsFromFollowers { get; set; }

    /// <summary>Operations that are not over.</summary>
    public int Outstanding => _core.Outstanding;

    /// <summary>The node that it takes for the leader, or null.</summary>
    public string? LeaderNode => _core.LeaderNode;

    private long NowMs => World.NowUs / 1000;

    /// <summary>Begins an operation.</summary>
    /// <param name="operation">A new one.</param>
    /// <param name="done">Called when it is over, with its result or error in it; never when the client dies before.</param>
    public void Submit(ClerkOperation operation, Action<ClerkOperation> done)
    {
        _waiting.Add(operation, done);
        _core.Submit(operation, NowMs);
        _submitted = true;
        Advance();
    }

    /// <summary>Its caller waits no longer.</summary>
    public void Cancel(ClerkOperation operation)
    {
        if (!_waiting.Remove(operation)) return;
        _core.Cancel(operation);
        Advance();
    }

    /// <summary>The process dies and another client starts in its place: with another id, knowing nothing.</summary>
    public void Restart()
    {
        World.Trace?.Line($"{Name} dies and starts anew");
        End();
        Start();
    }

    private void Start()
    {
        Begin();
        _waiting.Clear();
        _advancing = false;
        _wakeMs = long.MaxValue;
        _core = new ClerkCore(_options, new ClientId(new UInt128(_random.Next(), _random.Next() | 1)), _random.Next());
    }

    private void Advance()
    {
        // A completion may submit the next operation: it is looked at in the same round.
        if (_advancing) return;
        _advancing = true;
        int life = Life;
        do
        {
            _submitted = false;
            _core.Advance(NowMs);
            ClerkEffects effects = _core.SwapEffects(_spare);
            foreach (ClerkAttempt attempt in effects.Sends) Send(attempt);
            foreach (ClerkOperation operation in effects.Completions)
            {
                if (!_waiting.Remove(operation, out Action<ClerkOperation>? done)) continue;
                done(operation);
                if (Life != life) return;
            }

            effects.Clear();
            _spare = effects;
        }
        while (_submitted || !_core.Effects.IsEmpty);
        _advancing = false;
        if (_core.NextWakeMs >= _wakeMs) return;
        _wakeMs = _core.NextWakeMs;
        After((_wakeMs * 1000) - World.NowUs, Wake);
    }

    private void Wake()
    {
        if (NowMs < _wakeMs) return;
        _wakeMs = long.MaxValue;
        Advance();
    }

    private void Send(ClerkAttempt attempt)
    {
        int slash = attempt.Target.IndexOf('/', StringComparison.Ordinal);
        (string group, string node) = (attempt.Target[..slash], attempt.Target[(slash + 1)..]);
        bool onFollower = false;
        // Sometimes the leader: of the nodes that the client was told of, none needs to be a member any more.
        if (ReadsFromFollowers && attempt.Kind == AttemptKind.Read && !_random.OneIn(4))
        {
            onFollower = true;
            node = _random.Of(_options.Nodes);
        }

        int life = Life;
        Packet request = new(PacketKind.ClientRequest, Name, node, group, default, attempt.Payload, World.NowUs);
        World.Trace?.Line($"{Name} -> {node} {attempt.Kind} #{attempt.Id} with {attempt.Count} operations");
        _network.Request(
            request, this,
            (receiver, single) => receiver.Submit(group, attempt.IsQuery, attempt.Payload, reply => Answer(receiver, attempt, life, request, Judge(reply, single)), onFollower),
            surely =>
            {
                _core.OnFailed(attempt, surely ? AttemptFailure.NotDelivered : AttemptFailure.Unknown, "the node cannot be reached", NowMs);
                Advance();
            });
    }

    // As the adapter does after a connection broke: of two copies, the one that is refused says nothing of the other.
    private static ClerkReply Judge(in ClerkReply reply, bool single) =>
        single || reply.Status == ReplyStatus.Invalid ? reply
        : reply.Status == ReplyStatus.Ok ? reply with { MayBeCopy = true }
        : reply with { Status = ReplyStatus.Unknown };

    private void Answer(SimulatedNode from, ClerkAttempt attempt, int life, Packet request, ClerkReply answer)
    {
        Packet packet = new(PacketKind.ClientReply, from.Name, Name, request.Group, default, answer.Result, request.Sent);
        World.Trace?.Line($"{from.Name} -> {Name} #{attempt.Id} {answer.Status}, {answer.Result.Length} bytes, leader {answer.LeaderHint ?? "itself"}");
        _network.Reply(
            packet, this, life,
            () =>
            {
                _core.OnReply(attempt, answer, NowMs);
                Advance();
            },
            () =>
            {
                _core.OnFailed(attempt, AttemptFailure.Unknown, "the answer was lost", NowMs);
                Advance();
            });
    }
}
