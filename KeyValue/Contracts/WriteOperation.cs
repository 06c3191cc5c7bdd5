namespace Quorleans.KeyValue;

/// <summary>One write as the Clerk sends it.</summary>
public readonly record struct WriteOperation
{
    /// <summary>Put, Append, Delete, CompareAndSet or Transaction.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>
    /// The client's number for the operation, from 1 on, increasing over all shards, never used for another operation. Every retry has the same.
    /// </summary>
    public required long Sequence { get; init; }

    /// <summary>
    /// Every operation of this client on this key's <b>shard</b> with a sequence at or below it is acknowledged: answered, or given up for
    /// ever. Their results are dropped, and as soon as this operation is applied, copies of them that are still under way are refused for as long as
    /// the session lives. Below <see cref="Sequence"/>.
    /// </summary>
    public long Floor { get; init; }

    /// <summary>
    /// The last log time, in milliseconds, at which it may be applied; the same in every retry. 0: none; then its session is kept for ever,
    /// since a copy may come at any time.
    /// </summary>
    public long DeadlineMs { get; init; }

    /// <summary>The key; of a transaction the first that it names.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value, what to append, or the encoded transaction. Empty for Delete.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>CompareAndSet: the version that the key must have; 0: it must be missing.</summary>
    public long ExpectedVersion { get; init; }
}

/// <summary>One write as it is read from a batch; key and value are slices of the batch.</summary>
public ref struct WriteOperationView
{
    /// <summary>Put, Append, Delete, CompareAndSet or Transaction.</summary>
    public OperationKind Kind { get; internal set; }

    /// <summary>See <see cref="WriteOperation.Sequence"/>.</summary>
    public long Sequence { get; internal set; }

    /// <summary>See <see cref="WriteOperation.Floor"/>.</summary>
    public long Floor { get; internal set; }

    /// <summary>See <see cref="WriteOperation.DeadlineMs"/>.</summary>
    public long DeadlineMs { get; internal set; }

    /// <summary>See <see cref="WriteOperation.ExpectedVersion"/>.</summary>
    public long ExpectedVersion { get; internal set; }

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key { get; internal set; }

    /// <summary>The value, what to append, or the encoded transaction.</summary>
    public ReadOnlySpan<byte> Value { get; internal set; }
}
