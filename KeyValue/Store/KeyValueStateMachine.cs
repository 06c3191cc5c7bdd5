using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// The store as a replicated state machine: batches of writes are applied exactly once, batches of reads are answered from the state as
/// it stands (layouts: <see cref="KeyValueCodec"/>). Pure and deterministic; what depends on time depends on the entries' log time.
/// </summary>
public sealed partial class KeyValueStateMachine : IStateMachine
{
    private readonly ShardFunction _shardFunction;
    private readonly KeyValueLimits _limits;
    private readonly ResultBatchBuilder _results = new();
    private readonly ShardScan _scan;
    private StoreState _state;

    /// <summary>Creates the empty store of a replica group.</summary>
    /// <param name="shardFunction">The cluster's shard function.</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <param name="self">The group.</param>
    /// <param name="ownsAll">Whether it owns all shards at epoch 1, as the group does that a cluster is created with; all others start with none.</param>
    /// <param name="handoff">How large the steps of hand-offs are.</param>
    /// <exception cref="ArgumentException">The limits do not fit together.</exception>
    public KeyValueStateMachine(
        ShardFunction shardFunction, KeyValueLimits limits, GroupRef self, bool ownsAll, HandoffLimits? handoff = null)
    {
        ArgumentNullException.ThrowIfNull(shardFunction);
        ArgumentNullException.ThrowIfNull(limits);
        if (limits.Problem() is { } problem) throw new ArgumentException(problem, nameof(limits));
        _shardFunction = shardFunction;
        _limits = limits;
        _scan = new ShardScan(limits);
        _handoff = new ShardHandoff(self, shardFunction, limits, handoff ?? HandoffLimits.Default);
        _state = new StoreState(shardFunction.ShardCount, ownsAll);
        _described = new ShardStatus[shardFunction.ShardCount];
    }

    /// <summary>Creates the empty store of the group that a cluster is created with.</summary>
    /// <param name="shardFunction">The cluster's shard function.</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <exception cref="ArgumentException">The limits do not fit together.</exception>
    public KeyValueStateMachine(ShardFunction shardFunction, KeyValueLimits limits)
        : this(shardFunction, limits, new GroupRef(1, 1), ownsAll: true)
    {
    }

    /// <summary>Creates an empty store with the default shard function and limits.</summary>
    public KeyValueStateMachine()
        : this(ShardFunction.Default, KeyValueLimits.Default)
    {
    }

    /// <summary>How much the store serves. Cheap; read on another thread it may be slightly behind or between two operations.</summary>
    public KeyValueStatistics Statistics
    {
        get
        {
            long keys = 0, bytes = 0, sessions = 0, results = 0;
            StoreState state = _state;
            foreach (Shard shard in state.Shards)
            {
                if (!state.Serves(shard.Id.Value)) continue;
                keys += shard.Keys;
                bytes += shard.Bytes;
                sessions += shard.SessionCount;
                results += shard.Results;
            }

            return new KeyValueStatistics(keys, bytes, sessions, results);
        }
    }

    /// <summary>
    /// A digest of everything that reads and retries can see: equal on all replicas that applied the same entries, whether from the log or
    /// from a snapshot. Kept up to date by each write; reading it only adds the shards up.
    /// </summary>
    public UInt128 Digest
    {
        get
        {
            UInt128 sum = 0;
            foreach (Shard shard in _state.Shards) sum += shard.Seal;
            return sum + _state.HandoffDigest();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvariantViolationException">The entry is none that <see cref="Validate"/> lets through, or log time went back.</exception>
    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        long now = entry.Time.Milliseconds;
        Invariant.Check(now >= _state.TimeMs, $"log time went back from {_state.TimeMs} to {now} ms at index {entry.Index}");
        _state.TimeMs = now;

        ReadOnlySpan<byte> payload = entry.Payload.Span;
        if (KeyValueCodec.IsInternal(payload)) return ApplyHandoff(entry, wantResult);
        var batch = new WriteBatchReader(payload);
        if (wantResult) _results.Begin(batch.Count);
        long bodies = 0;
        while (batch.TryRead(out WriteOperationView operation))
        {
            // The entry's place in the log decides who owns the shard, not the time at which the operation arrived.
            int shard = _shardFunction.Of(operation.Key).Value;
            if (_state.Phases[shard] != ShardPhase.Serving && !_state.Serves(shard))
            {
                if (wantResult) _handoff.Refuse(_state, shard, _results);
                continue;
            }

            // Refused before anything is done, and by what the entry and the state say alone: whoever has no use for the reply must refuse it too.
            if (bodies > 0 && operation.Kind == OperationKind.Transaction && bodies + _limits.MaxTransactionResultBytes > _limits.MaxReplyBytes)
            {
                if (wantResult) _results.Add(OperationStatus.Busy, 0);
                continue;
            }

            if (_state.Phases[shard] != ShardPhase.Serving) _handoff.Record(shard, now, batch.Client, batch.Encoded);
            CachedResult result = _state.Shards[shard].Apply(batch.Client, operation, now, _limits);
            bodies += result.BodyBytes;
            if (!wantResult) continue;
            if (result.Body is null) _results.Add(result.Status, result.Version);
            else _results.AddBody(result.Status, result.Body);
        }

        // Skipping an entry that other replicas may understand would make the states differ: better to stop.
        Invariant.Check(!batch.Error.IsError, $"the committed entry {entry.Index} cannot be applied: {batch.Error}");
        _state.Sweep(batch.Count, _limits.ResultRetentionMs);
        return wantResult ? _results.Build() : default;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request)
    {
        if (KeyValueCodec.IsInternal(request.Span)) return AnswerHandoff(request);
        var batch = new ReadBatchReader(request.Span);
        _results.Begin(batch.Count);
        bool first = true;
        while (batch.TryRead(out ReadOperationView operation))
        {
            // The first read is always answered, so that a client which repeats the others comes to an end.
            int room = first ? int.MaxValue : _limits.MaxReplyBytes - _results.Length;
            if (operation.Kind == OperationKind.Get) Get(operation.Key, room);
            else if (operation.Kind == OperationKind.ReadTransaction) ReadTransaction(operation.Key, operation.Body, room);
            else if (room <= 0) _results.Add(OperationStatus.Busy, 0);
            else _scan.Run(_state, operation, _results, room);
            first = false;
        }

        if (batch.Error.IsError) throw new ArgumentException(batch.Error.Message, nameof(request));
        return _results.Build();
    }

    /// <inheritdoc/>
    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery)
    {
        if (KeyValueCodec.IsInternal(payload.Span)) return ValidateHandoff(payload, isQuery);
        ValidationError error = isQuery
            ? BatchValidator.CheckReads(payload.Span, _limits, _shardFunction)
            : BatchValidator.CheckWrites(payload.Span, _limits, _shardFunction);
        return error.Message;
    }

    /// <inheritdoc/>
    public ISnapshotView Capture() => new StoreSnapshotView(_state.Clone(), _shardFunction.Name, Self);

    /// <inheritdoc/>
    public object Load(Stream source, CancellationToken cancellationToken) =>
        new StoreSnapshotLoader(source, _shardFunction, Self, cancellationToken).Load();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The object was not returned by <see cref="Load"/>.</exception>
    public void Install(object loaded)
    {
        if (loaded is not StoreState state) throw new ArgumentException("Only what Load returned can be installed.", nameof(loaded));
        _state = state;
        _handoff.Reset();
    }

    private bool IsElsewhere(ReadOnlySpan<byte> key, out int shard)
    {
        shard = _shardFunction.Of(key).Value;
        if (_state.Phases[shard] == ShardPhase.Serving || _state.Serves(shard)) return false;
        _handoff.Refuse(_state, shard, _results);
        return true;
    }

    private void ReadTransaction(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, int room)
    {
        if (IsElsewhere(key, out int shard)) return;
        CachedResult result = _state.Shards[shard].Read(body, _limits);
        if (result.Body is null) _results.Add(result.Status, 0);
        else if (result.Body.Length > room) _results.Add(OperationStatus.Busy, 0);
        else _results.AddBody(result.Status, result.Body);
    }

    private void Get(ReadOnlySpan<byte> key, int room)
    {
        if (IsElsewhere(key, out int shard)) return;

        ref readonly Item item = ref _state.Shards[shard].Find(key);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(in item)) _results.Add(OperationStatus.NotFound, 0);
        else if (item.Length > room) _results.Add(OperationStatus.Busy, 0);
        else _results.AddValue(item.Value, item.Version);
    }
}
