using System.Security.Cryptography;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// A Clerk over Orleans: drives a <see cref="ClerkCore"/> with grain calls and a timer. Safe for any number of callers.
/// <code>
/// caller: lock, submit, ask for a flush ─▶ pool: lock, send what waits ─▶ grain call ─▶ pool: lock, results and next batch ─▶ callers
/// </code>
/// A flush is one work item behind those that are queued already. So callers that were just woken by the same answer get to submit
/// first and travel together, and no call inherits a caller's request context or grain.
/// </summary>
public sealed class OrleansClerk : IClerk, IAsyncDisposable, IDisposable, IThreadPoolWorkItem, ISleeper
{
    private const int MaximumBytesTogether = 2 << 20;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Ways _ways;
    private readonly List<(ConnectionWatch Watch, Action Handler)> _watched = [];
    private readonly ClerkCore _core;
    private readonly ShardFunction _shards;
    private readonly WakeUps _wakeUps;
    private readonly long _start;
    private ClerkEffects? _spare = new();
    private long _wakesAtMs = long.MaxValue, _wakesAt;
    private bool _flushQueued;
    private bool _disposed;

    /// <summary>Creates a Clerk with a client id of its own.</summary>
    /// <param name="grains">A connected Orleans client, or a silo's grain factory.</param>
    /// <param name="options">Read once, here; null for the defaults.</param>
    /// <param name="time">For deadlines and pauses; null for the system's.</param>
    /// <param name="connections">The client's, so that broken connections are noticed; null inside a silo.</param>
    /// <param name="gateways">Connections to single nodes, if the client has some.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public OrleansClerk(IGrainFactory grains, ClerkOptions? options = null, TimeProvider? time = null, ConnectionWatch? connections = null, INodeGateways? gateways = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        Span<byte> random = stackalloc byte[ClientId.Size + sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        options ??= new ClerkOptions();
        _shards = options.Shards;
        _core = new ClerkCore(options, ClientId.Read(random), BitConverter.ToUInt64(random[ClientId.Size..]));
        _wakeUps = WakeUps.Of(_time);
        Way own = new(node: null, grains, connections);
        _ways = new Ways(own, gateways) { Opened = Watch };
        Watch(own);
    }

    /// <summary>The Clerk's id in the replicas' session tables.</summary>
    public ClientId Client => _core.Client;

    /// <summary>Where flushes run: behind what is queued there already. The pool, unless a test wants to know when nothing moves.</summary>
    internal Action<IThreadPoolWorkItem> Queue { private get; init; } = static flush => ThreadPool.UnsafeQueueUserWorkItem(flush, preferLocal: false);

    /// <inheritdoc/>
    public Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Start(new PendingGet(key), cancellationToken);

    /// <inheritdoc/>
    public Task<long> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Start(new PendingWrite(OperationKind.Put, key, value), cancellationToken);

    /// <inheritdoc/>
    public Task<long> AppendAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Start(new PendingWrite(OperationKind.Append, key, value), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Start(new PendingDelete(key), cancellationToken);

    /// <inheritdoc/>
    public Task<CompareAndSetResult> CompareAndSetAsync(
        ReadOnlyMemory<byte> key, long expectedVersion, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Start(new PendingCompareAndSet(key, expectedVersion, value), cancellationToken);

    /// <inheritdoc/>
    public Task<TxnResult> TransactAsync(Txn transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return Start(new PendingTransaction(transaction), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ScanPage> ScanAsync(ScanRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Start(new PendingScan(request), cancellationToken);
    }

    /// <summary>Ends all outstanding operations with <see cref="ClerkError.Disposed"/>. Grain calls under way end by themselves, unheard.</summary>
    public void Dispose()
    {
        ClerkEffects effects;
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            _core.Close();
            effects = _core.SwapEffects(new ClerkEffects());
        }

        foreach ((ConnectionWatch watch, Action handler) in _watched) watch.Lost -= handler;
        _wakeUps.Dispose();
        foreach (ClerkOperation operation in effects.Completions) ((PendingOperation)operation).Finish();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The queued flush.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        ClerkEffects? effects;
        lock (_lock)
        {
            _flushQueued = false;
            effects = Advance();
        }

        CarryOut(effects);
    }

    /// <summary>The time that was asked for has come. Answers come far more often than time-outs, so mostly there is nothing to do yet.</summary>
    void ISleeper.OnWake(long at)
    {
        lock (_lock)
        {
            // An earlier one was asked for since.
            if (at != _wakesAt) return;
            _wakesAtMs = long.MaxValue;
            if (_disposed || _flushQueued) return;
            if (_core.NextWakeMs > NowMs())
            {
                AskToWake();
                return;
            }

            _flushQueued = true;
        }

        Queue(this);
    }

    /// <summary>A caller waits no longer.</summary>
    internal void Forget(PendingOperation operation)
    {
        lock (_lock) _core.Cancel(operation);
    }

    private Task<T> Start<T>(PendingOperation<T> operation, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        operation.CancelBy(this, cancellationToken);
        bool flush;
        lock (_lock)
        {
            if (_disposed)
            {
                return Task.FromException<T>(
                    new ClerkException(ClerkError.Disposed, OperationOutcome.DidNotHappen, "The Clerk was disposed; make another one."));
            }

            // Cancelled between the two lines above: its source is done, and nothing was submitted.
            if (operation.Task.IsCompleted) return operation.Task;
            _core.Submit(operation, NowMs());
            flush = !_flushQueued;
            _flushQueued = true;
        }

        if (flush) Queue(this);
        return operation.Task;
    }

    private void Watch(Way way)
    {
        if (way.Connections is not { } connections) return;
        void Handler() => OnConnectionLost(way);
        connections.Lost += Handler;
        _watched.Add((connections, Handler));
    }

    private void OnConnectionLost(Way way)
    {
        ClerkEffects? effects;
        lock (_lock)
        {
            if (_disposed) return;
            long nowMs = NowMs();
            _ways.Lost(way, nowMs);
            _core.OnConnectionLost(way, nowMs);
            effects = Advance();
        }

        // Not here: whoever noticed the loss is in the middle of handling it.
        if (effects is not null) ThreadPool.UnsafeQueueUserWorkItem(CarryOut, effects, preferLocal: false);
    }

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    private long NowMs() => (long)Elapsed.TotalMilliseconds;

    /// <summary>Under the lock: lets the core go on, asks to be woken, takes what is to be done.</summary>
    private ClerkEffects? Advance()
    {
        if (_disposed) return null;
        _core.Advance(NowMs());
        AskToWake();
        return TakeEffects();
    }

    private void AskToWake()
    {
        if (_core.NextWakeMs >= _wakesAtMs) return;
        _wakesAtMs = _core.NextWakeMs;
        _wakesAt = _start + (long)(_wakesAtMs * (_time.TimestampFrequency / 1000.0));
        _wakeUps.Ask(this, _wakesAt);
    }

    private ClerkEffects? TakeEffects()
    {
        if (_core.Effects.IsEmpty) return null;
        ChooseWays(_core.Effects.Sends);
        ClerkEffects empty = _spare ?? new ClerkEffects();
        _spare = null;
        return _core.SwapEffects(empty);
    }

    // What travels together goes one way.
    private void ChooseWays(List<ClerkAttempt> sends)
    {
        long nowMs = NowMs();
        foreach (ClerkAttempt attempt in sends)
        {
            object? together = attempt.Call is { } call && call.Attempts[0] != attempt ? call.Attempts[0].Way : null;
            attempt.Way = together is Way way ? _ways.Take(attempt.Node, way, nowMs) : _ways.Take(attempt.Node, nowMs);
        }
    }

    /// <summary>Outside the lock: sends first, since that is what takes long.</summary>
    private void CarryOut(ClerkEffects? effects)
    {
        if (effects is null) return;
        foreach (ClerkAttempt attempt in effects.Sends)
        {
            if (attempt.Call is not { Attempts.Count: > 1 } call) _ = SendAsync(attempt);
            else if (call.Attempts[0] == attempt) SendTogether(call);
        }

        foreach (ClerkOperation operation in effects.Completions) ((PendingOperation)operation).Finish();

        // Last: what a listener throws holds up nobody.
        foreach (ClerkOperation operation in effects.Completions)
            if (operation is { MovingSinceMs: { } since, Error: null }) ClerkMetrics.Waited(_shards.Of(operation.Key.Span), Elapsed.TotalMilliseconds - since);
        effects.Clear();
        lock (_lock) _spare = effects;
    }

    private async Task SendAsync(ClerkAttempt attempt)
    {
        Way way = (Way)attempt.Way!;
        ClerkMetrics.Sent(1, way.Node != attempt.Node);
        int changes = way.Changes;
        SubmitReply? reply = null;
        AttemptFailure failure = AttemptFailure.Unknown;
        string problem = "";
        try
        {
            reply = await way.Replica(attempt.Target).Submit(new SubmitRequest(incarnation: 0, attempt.IsQuery, attempt.Payload)).ConfigureAwait(false);
        }
        catch (HomeUnavailableException e)
        {
            failure = AttemptFailure.NotDelivered;
            problem = e.Message;
        }
#pragma warning disable CA1031 // Whatever a call can throw, it is an attempt that failed; the operation's caller learns of it by its deadline.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = $"{e.GetType().Name}: {e.Message}";
        }

        End([attempt], [reply], failure, problem, changes);
    }

    private void SendTogether(ClerkCall call)
    {
        // A batch may be as large as a message: what does not fit goes in another.
        int first = 0, bytes = 0;
        for (int i = 0; i < call.Attempts.Count; i++)
        {
            int size = call.Attempts[i].Payload.Length;
            if (i > first && (bytes + size > MaximumBytesTogether || i - first == SubmitRequests.Maximum))
            {
                _ = SendTogetherAsync(call.Node, [.. call.Attempts.Skip(first).Take(i - first)]);
                (first, bytes) = (i, 0);
            }

            bytes += size;
        }

        _ = SendTogetherAsync(call.Node, [.. call.Attempts.Skip(first)]);
    }

    private async Task SendTogetherAsync(string node, ClerkAttempt[] attempts)
    {
        Way way = (Way)attempts[0].Way!;
        ClerkMetrics.Sent(attempts.Length, way.Node != node);
        int changes = way.Changes;
        SubmitReply?[] replies = new SubmitReply?[attempts.Length];
        AttemptFailure failure = AttemptFailure.Unknown;
        string problem = "";
        INodeGrain grain = way.NodeOf(node);
        try
        {
            SubmitReplies answer = await grain.Submit(new SubmitRequests(
                Array.ConvertAll(attempts, static attempt => attempt.GroupName),
                Array.ConvertAll(attempts, static attempt => new SubmitRequest(incarnation: 0, attempt.IsQuery, attempt.Payload)))).ConfigureAwait(false);
            if (answer.Replies.Length != attempts.Length || answer.Replies.Count(static reply => reply is null) != answer.Tickets.Length)
                throw new InvalidOperationException($"{answer.Replies.Length} answers and {answer.Tickets.Length} tickets for {attempts.Length} batches.");
            replies = answer.Replies;
            int late = 0;
            for (int i = 0; i < attempts.Length; i++)
                if (replies[i] is null) _ = AwaitAsync(grain, answer.Tickets[late++], attempts[i], changes);
            if (late > 0) (attempts, replies) = ([.. attempts.Where((_, i) => replies[i] is not null)], [.. replies.Where(static reply => reply is not null)]);
        }
        catch (HomeUnavailableException e)
        {
            failure = AttemptFailure.NotDelivered;
            problem = e.Message;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = $"{e.GetType().Name}: {e.Message}";
        }

        End(attempts, replies, failure, problem, changes);
    }

    /// <summary>Waits for the answer to an attempt that took longer than those which travelled with it.</summary>
    private async Task AwaitAsync(INodeGrain node, long ticket, ClerkAttempt attempt, int changes)
    {
        SubmitReply? reply = null;
        string problem = "";
        try
        {
            reply = await node.Await(ticket).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above. That the node cannot be reached now says nothing of what it was sent before.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = $"{e.GetType().Name}: {e.Message}";
        }

        End([attempt], [reply], AttemptFailure.Unknown, problem, changes);
    }

    /// <summary>
    /// Tells the core what became of attempts: the reply, or the failure where there is none. The node that they went to, when it leads several groups, gets one
    /// call at a time while others have some, too: so the next one waits for the callers that these answers wake, instead of leaving without them.
    /// </summary>
    private void End(ReadOnlySpan<ClerkAttempt> attempts, ReadOnlySpan<SubmitReply?> replies, AttemptFailure failure, string problem, int changes)
    {
        ClerkEffects? effects;
        bool flush = false;
        lock (_lock)
        {
            if (_disposed) return;
            long nowMs = NowMs();
            for (int i = 0; i < attempts.Length; i++)
            {
                Way way = (Way)attempts[i].Way!;
                _ways.End(attempts[i].Node, way, attempts[i].SentMs, replies[i] is not null || failure == AttemptFailure.NotDelivered, nowMs);
                bool certain = attempts[i].Kind != AttemptKind.Write || way.Changes == changes;
                if (replies[i] is { } reply) _core.OnReply(attempts[i], Translate(reply, certain), nowMs);
                else _core.OnFailed(attempts[i], certain ? failure : AttemptFailure.Unknown, problem, nowMs);
            }

            if (attempts.Length > 1)
            {
                flush = !_flushQueued;
                _flushQueued = true;
                effects = TakeEffects();
            }
            else
            {
                effects = Advance();
            }
        }

        try
        {
            CarryOut(effects);
        }
        finally
        {
            // Whatever a listener of the metrics throws: what is marked as queued and is not would never be again.
            if (flush) Queue(this);
        }
    }

    private static ClerkReply Translate(SubmitReply reply, bool certain)
    {
        ReplyStatus status = (ReplyStatus)(int)reply.Status;
        if (!certain && status is not (ReplyStatus.Ok or ReplyStatus.Invalid)) status = ReplyStatus.Unknown;
        if (reply.Status == SubmitStatus.Busy) ClerkMetrics.Refused();
        return new ClerkReply(status, reply.Result, reply.LeaderHint, reply.LogTimeMs, reply.Error, MayBeCopy: !certain, reply.RetryAfterMs);
    }
}
