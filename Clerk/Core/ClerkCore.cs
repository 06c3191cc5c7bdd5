using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// The Clerk as a pure step machine: no clock, task, thread or randomness of its own. Whoever drives it (the Orleans adapter, or a
/// simulator) tells it what happened, calls <see cref="Advance"/>, carries out the <see cref="Effects"/>, and calls
/// <see cref="Advance"/> again when <see cref="NextWakeMs"/> has come or anything else happened. Not safe for several threads at once.
/// <code>
/// Submit(op) ─▶ lane's queue ─▶ attempt in flight ─▶ done
///                    ▲   ▲             │ refused as a whole, or lost: back to the front of the queue
///                    │   └─────────────┤
///                 parked ◀─────────────┘ refused by itself (its shard moves): waits aside, the others go on
/// </code>
/// </summary>
/// <remarks>
/// An operation surely did not happen while no attempt of it is open: an attempt is open from its sending until a replica says that it
/// did nothing. To send is possible only to a replica that has proven that it leads (see <see cref="LeaderLocator"/>), and not before
/// the group's log time is known, since that fixes the operation's deadline there, once, for all its attempts.
/// </remarks>
public sealed partial class ClerkCore
{
    private readonly ClerkOptions _options;
    private readonly KeyValueLimits _limits;
    private readonly ClientId _client;
    private readonly GroupState _group;
    private readonly OperationSession[] _sessions;
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
    private SplitMix64 _random;
    private long _lastSequence;
    private long _lastAttempt;
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
        LeaderLocator locator = new(options.Group, options.Nodes, _minBackOffMs, _maxBackOffMs, (int)(_random.Next() >> 40));
        _group = new GroupState(options.Group, locator);
        _sessions = new OperationSession[options.Shards.ShardCount];
        for (int i = 0; i < _sessions.Length; i++) _sessions[i] = new OperationSession();
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

    /// <summary>The node that is taken for the group's leader, or null.</summary>
    public string? LeaderNode => _group.Locator.Leader?.Node;

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
        if (!operation.IsRead)
        {
            operation.Sequence = ++_lastSequence;
            operation.Session = _sessions[_options.Shards.Of(operation.Key.Span).Value];
            operation.Session.Add(operation);
        }

        operation.State = OperationState.Queued;
        LaneOf(operation).Queue.Enqueue(operation);
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
        _description = null;
        Expire(nowMs);
        Unpark(nowMs);
        GiveUpLateAttempts(nowMs);
        FreeSilentSlots(nowMs);
        FindLeader(nowMs);
        Flush(_group.Writes, nowMs);
        Flush(_group.Reads, nowMs);
        NextWakeMs = Math.Max(nowMs + 1, WhenNext());
    }

    private static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;

    private Lane LaneOf(ClerkOperation operation) => operation.IsRead ? _group.Reads : _group.Writes;

    private int Pause(int failures)
    {
        int pause = failures > 20 ? _maxBackOffMs : (int)Math.Min((long)_minBackOffMs << Math.Max(0, failures - 1), _maxBackOffMs);
        return Math.Max(1, (int)(pause * (0.5 + _random.NextDouble())));
    }

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
            operation.State = OperationState.Queued;
            LaneOf(operation).Queue.Enqueue(operation);
        }
    }

    private void GiveUpLateAttempts(long nowMs)
    {
        while (_group.Oldest is { } attempt && attempt.SentMs + _attemptTimeoutMs <= nowMs)
        {
            GiveUp(attempt, $"no answer from {attempt.Replica.Node} within {_attemptTimeoutMs} ms");

            // Followers were asked meanwhile. If one had heard the leader, it would not be suspect any more: let it prove itself.
            if (attempt.Replica == _group.Locator.Leader && nowMs - _group.Locator.HeardMs >= _suspectAfterMs) _group.Locator.Forget(nowMs);
        }
    }

    private void FreeSilentSlots(long nowMs)
    {
        for (ClerkAttempt? attempt = OldestWithSlot(); attempt is not null && FreesSlotAtMs(attempt) <= nowMs; attempt = attempt.Next)
            _group.FreeSlot(attempt);
    }

    private ClerkAttempt? OldestWithSlot()
    {
        if (!_options.Batching) return null;
        ClerkAttempt? attempt = _group.Oldest;
        while (attempt is { HoldsSlot: false }) attempt = attempt.Next;
        return attempt;
    }

    // A lost call must not hold up its lane until its time-out, as long as the leader lives.
    private long FreesSlotAtMs(ClerkAttempt attempt) =>
        _group.Locator.HeardMs > attempt.SentMs ? attempt.SentMs + (2L * _suspectAfterMs) : long.MaxValue;

    private void FindLeader(long nowMs)
    {
        LeaderLocator locator = _group.Locator;
        if (SuspectAtMs() <= nowMs) locator.Suspect(nowMs);
        if (!locator.IsSearching || !_group.HasWork) return;
        foreach (Replica replica in locator.Replicas)
            if (replica.Probe is { } probe && probe.SentMs + _probeTimeoutMs <= nowMs) replica.Probe = null;
        while (locator.ProbeAtMs <= nowMs && locator.NextToProbe(nowMs, _random.NextDouble()) is { } replica)
        {
            ClerkAttempt probe = new(++_lastAttempt, AttemptKind.Probe, _group, replica, _probePayload, [], nowMs);
            replica.Probe = probe;
            Effects.Sends.Add(probe);
        }
    }

    private long SuspectAtMs() =>
        _group.Oldest is { } oldest && !_group.Locator.IsSearching
            ? Math.Max(oldest.SentMs, _group.Locator.HeardMs) + _suspectAfterMs
            : long.MaxValue;

    private long WhenNext()
    {
        long next = Math.Min(_deadlines.NextMs, _parked.NextMs);
        if (_group.Oldest is { } oldest) next = Math.Min(next, oldest.SentMs + _attemptTimeoutMs);
        if (OldestWithSlot() is { } silent) next = Math.Min(next, FreesSlotAtMs(silent));
        next = Math.Min(next, SuspectAtMs());
        LeaderLocator locator = _group.Locator;
        if (locator.IsSearching && _group.HasWork) next = Math.Min(next, locator.ProbeAtMs);
        if (locator.Leader is null) return next;
        if (_group.Writes.Queue.Count > 0 && CanSend(_group.Writes)) next = Math.Min(next, _group.Writes.NotBeforeMs);
        if (_group.Reads.Queue.Count > 0 && CanSend(_group.Reads)) next = Math.Min(next, _group.Reads.NotBeforeMs);
        return next;
    }
}
