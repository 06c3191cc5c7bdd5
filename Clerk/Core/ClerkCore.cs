using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// The Clerk as a pure step machine: no clock, task, thread or randomness of its own. Whoever drives it (the Orleans adapter, or a
/// simulator) tells it what happened, calls <see cref="Advance"/>, carries out the <see cref="Effects"/>, and calls
/// <see cref="Advance"/> again when <see cref="NextWakeMs"/> has come or anything else happened. Not safe for several threads at once.
/// <code>
/// Submit(op) ─▶ shard ─▶ its group's queue ─▶ attempt in flight ─▶ done
///                 ▲              ▲                  │ refused as a whole, or lost: back to the front of the queue
///                 │              └──────────────────┤
///                 │   parked until its shard is     │ refused by itself (its shard moves): waits aside, the others go on
///                 └── asked for again ◀─────────────┘
/// </code>
/// Every replica group has its own queues, leader and log time, so that one without a leader holds up its own shards only. Which group serves
/// a shard is learnt from refusals and from the shard controller. A wrong idea of it costs a detour and nothing else, since the group itself
/// decides, when it applies a write or looks a key up, whether it serves the shard.
/// </summary>
/// <remarks>
/// <para><b>When an operation surely did not happen.</b> An attempt is open from its sending until a replica says that it did nothing: as a whole
/// (it did not lead, was busy…), or for the one operation ("its shard is not here", "not now"), unless that may be the answer to a second copy. While none
/// is open, no attempt has had or will have an effect, in any group: every attempt is one message to one replica of one group, and each was
/// accounted for by itself. Otherwise only the log can say so, by <see cref="OperationStatus.DeadlinePassed"/>. That is believed, whichever group says it
/// and to whichever attempt, because
/// (1) all open attempts carry the same deadline D. It is fixed in the log time of the group of the first one, and anew only while none is open;
/// (2) a shard has one owner at a time, and each is in its turn the only one that applies its writes, from activation to freeze;
/// (3) log time never goes back within a group, and at the activation it is not before that of the freeze at the source, so it never goes back along
/// the shard's owners either;
/// (4) the shard's sessions go with it. A group that says so serves the shard at a log time T after D. By (2) and (3) whatever is applied later, there or at
/// a later owner, is applied after D too and refused. What was applied earlier, there or at an earlier owner, left its result in the session, which by (4)
/// is here, and is kept until it is acknowledged (then nobody waits for this answer) or its retention is over (then the answer is
/// <see cref="OperationStatus.Stale"/>: unknown).</para>
/// <para>How far the groups' clocks are apart does not matter for this. Where the new owner's is ahead by more than
/// the deadline's slack, an operation of unknown outcome may be refused early, and surely did not happen; one without an open attempt gets a
/// deadline in the new group's time.</para>
/// <para><b>To send</b> is possible only to a replica that has proven that it leads (see <see cref="LeaderLocator"/>), and so not before the group's log
/// time is known.</para>
/// </remarks>
public sealed partial class ClerkCore
{
    private readonly ClerkOptions _options;
    private readonly KeyValueLimits _limits;
    private readonly ClientId _client;
    private readonly ShardState[] _shards;
    private readonly List<GroupState> _groups = [];
    private readonly GroupState _home;
    private readonly GroupState _nobody;
    private readonly GroupState? _controller;
    private readonly OperationHeap _deadlines = new(byDeadline: true);
    private readonly OperationHeap _parked = new(byDeadline: false);
    private readonly WriteBatchBuilder _writeBuilder;
    private readonly ReadBatchBuilder _readBuilder;
    private readonly byte[] _probePayload;
    private readonly int _timeoutMs;
    private readonly int _attemptTimeoutMs;
    private readonly int _probeTimeoutMs;
    private readonly int _suspectAfterMs;
    private readonly int _minBackOffMs;
    private readonly int _maxBackOffMs;
    private readonly int _mapRefreshMs;
    private SplitMix64 _random;
    private long _lastSequence;
    private long _lastAttempt;
    private GroupState? _described;
    private string? _description;

    /// <summary>Creates a Clerk's core.</summary>
    /// <param name="options">Read once, here.</param>
    /// <param name="client">A number that no other Clerk, before or beside, has.</param>
    /// <param name="seed">For the jitter of pauses.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public ClerkCore(ClerkOptions options, ClientId client, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (client.IsNone) throw new ArgumentException("A client id of 0 is no client; draw 128 random bits.", nameof(client));
        _options = options;
        _limits = options.Limits;
        _client = client;
        _random = new SplitMix64(seed);
        _timeoutMs = Milliseconds(options.OperationTimeout);
        _attemptTimeoutMs = Milliseconds(options.AttemptTimeout);
        _probeTimeoutMs = Math.Max(1, _attemptTimeoutMs / 4);
        _suspectAfterMs = Milliseconds(options.SuspectAfter);
        _minBackOffMs = Milliseconds(options.MinBackOff);
        _maxBackOffMs = Milliseconds(options.MaxBackOff);
        _mapRefreshMs = Milliseconds(options.MapRefresh);
        _home = NewGroup(GidOf(options.Group), options.Group, options.Nodes);
        _groups.Add(_home);
        _nobody = NewGroup(0, "nobody", options.Nodes);
        if (options.Controller is { } controller) _controller = NewGroup(0, controller, options.Nodes);
        _shards = new ShardState[options.Shards.ShardCount];
        for (int i = 0; i < _shards.Length; i++) _shards[i] = new ShardState(new ShardId(i), _home);
        _writeBuilder = new WriteBatchBuilder(_limits);
        _readBuilder = new ReadBatchBuilder(_limits);
        _readBuilder.Begin();
        _probePayload = _readBuilder.ToArray();
    }

    /// <summary>What is to be done. The driver takes it and clears it, or swaps it by <see cref="SwapEffects"/>.</summary>
    public ClerkEffects Effects { get; private set; } = new();

    /// <summary>When <see cref="Advance"/> is to be called at the latest, in milliseconds; <see cref="long.MaxValue"/> for never.</summary>
    public long NextWakeMs { get; private set; } = long.MaxValue;

    /// <summary>Operations that are not over.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Bytes of their keys and values.</summary>
    public long OutstandingBytes { get; private set; }

    /// <summary>The client's id in the replicas' session tables.</summary>
    public ClientId Client => _client;

    /// <summary>The node that is taken for the leader of <see cref="ClerkOptions.Group"/>, or null.</summary>
    public string? LeaderNode => _home.Locator.Leader?.Node;

    /// <summary>Takes the effects away and leaves another list to be filled.</summary>
    /// <param name="empty">An empty one.</param>
    /// <returns>The filled one.</returns>
    public ClerkEffects SwapEffects(ClerkEffects empty)
    {
        ClerkEffects filled = Effects;
        Effects = empty;
        return filled;
    }

    /// <summary>A caller's operation begins. A bad one ends at once; the others wait for the next <see cref="Advance"/>.</summary>
    /// <param name="operation">A new one.</param>
    /// <param name="nowMs">Now.</param>
    public void Submit(ClerkOperation operation, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation.State != OperationState.New) throw new ArgumentException("An operation is submitted once.", nameof(operation));
        if (!Accept(operation)) return;
        Outstanding++;
        OutstandingBytes += operation.Bytes;
        operation.DeadlineMs = nowMs + _timeoutMs;
        _deadlines.Add(operation);
        if (operation.Scan is not null)
        {
            Begin(operation, nowMs);
            return;
        }

        ShardState shard = operation.Shard = _shards[_options.Shards.Of(operation.Key.Span).Value];
        if (!operation.IsRead)
        {
            operation.Sequence = ++_lastSequence;
            shard.Session.Add(operation);
        }

        if (shard.NotBeforeMs > nowMs) ParkUntil(operation, shard.NotBeforeMs);
        else Enqueue(operation);
    }

    /// <summary>The caller waits no longer. The operation ends without being reported; an attempt under way may still have its effect.</summary>
    /// <param name="operation">One that was submitted; nothing happens when it is over.</param>
    public void Cancel(ClerkOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation.State is OperationState.New or OperationState.Done) return;
        Leave(operation);
    }

    /// <summary>Ends all operations, when the Clerk is disposed.</summary>
    public void Close()
    {
        while (_deadlines.Count > 0) Fail(_deadlines.Peek(), ClerkError.Disposed, "The Clerk was disposed.");
        NextWakeMs = long.MaxValue;
    }

    /// <summary>Does what time asks for, and sends what can be sent.</summary>
    /// <param name="nowMs">Now; never less than before.</param>
    public void Advance(long nowMs)
    {
        _described = null;
        Expire(nowMs);
        Unpark(nowMs);
        foreach (GroupState group in _groups)
        {
            GiveUpLateAttempts(group, nowMs);
            FreeSilentSlots(group, nowMs);
            Hurry(group, group.Writes, nowMs);
            Hurry(group, group.Reads, nowMs);
        }

        if (_mustReroute) Reroute(nowMs);
        AskController(nowMs);
        long next = Math.Min(_deadlines.NextMs, _parked.NextMs);
        foreach (NodeGate gate in _gates) gate.Expire(nowMs);
        CountWaiting();
        foreach (GroupState group in _groups)
        {
            FindLeader(group, nowMs);
            Flush(group, group.Writes, nowMs);
            Flush(group, group.Reads, nowMs);
            next = Math.Min(next, WhenNext(group));
        }

        foreach (NodeGate gate in _gates) gate.Current = null;

        NextWakeMs = Math.Max(nowMs + 1, Math.Min(next, WhenControllerNext()));
    }

    private static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;

    private int Pause(int failures)
    {
        int pause = failures > 20 ? _maxBackOffMs : (int)Math.Min((long)_minBackOffMs << Math.Max(0, failures - 1), _maxBackOffMs);
        return Math.Max(1, (int)(pause * (0.5 + _random.NextDouble())));
    }

    // A shard changes hands within a few milliseconds, or waits for a group that is ill: asked often at first, and then ever more rarely.
    private int ShardPause(int refusals) => Pause(Math.Max(1, refusals - (DoubtAfterRefusals - 1)));

    private void Expire(long nowMs)
    {
        while (_deadlines.NextMs <= nowMs) FailByDeadline(_deadlines.Peek());
    }

    private void Unpark(long nowMs)
    {
        while (_parked.NextMs <= nowMs)
        {
            ClerkOperation operation = _parked.Peek();
            _parked.Remove(operation);
            if (operation.Gather is not null) Split(operation, nowMs);
            else if (operation is ScanPart part && IsOutdated(part)) Dissolve(part, nowMs);
            else Enqueue(operation);
        }
    }
}
