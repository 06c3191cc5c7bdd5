namespace Quorleans.KeyValue;

/// <summary>One read as the Clerk sends it; made by <see cref="Get"/> or <see cref="Scan"/>.</summary>
public readonly record struct ReadOperation
{
    /// <summary>Get, Scan or ReadTransaction.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>Get: the key. Scan: the prefix, empty for all keys. ReadTransaction: the first key that it names.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Scan: the first key, inclusive; empty for the beginning.</summary>
    public ReadOnlyMemory<byte> From { get; init; }

    /// <summary>Scan: the end, exclusive; empty for no end.</summary>
    public ReadOnlyMemory<byte> To { get; init; }

    /// <summary>Scan: go on behind this key, the continuation of the page before; empty for the first page.</summary>
    public ReadOnlyMemory<byte> After { get; init; }

    /// <summary>Scan: how many keys at most.</summary>
    public int Limit { get; init; }

    /// <summary>
    /// Scan: only keys of these shards (<see cref="ShardBits"/>); empty for all of the cluster's. A group that serves some of them only reads
    /// those, and says which in <see cref="OperationResult.Covered"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Shards { get; init; }

    /// <summary>ReadTransaction: the encoded transaction (<see cref="TransactionCodec"/>).</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Runs a transaction that only reads.</summary>
    /// <param name="key">The first key that it names.</param>
    /// <param name="body">The encoded transaction.</param>
    public static ReadOperation Transaction(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> body) =>
        new() { Kind = OperationKind.ReadTransaction, Key = key, Body = body };

    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    public static ReadOperation Get(ReadOnlyMemory<byte> key) => new() { Kind = OperationKind.Get, Key = key };

    /// <summary>Reads a page of keys in byte order.</summary>
    /// <param name="prefix">What the keys begin with; empty for all.</param>
    /// <param name="from">The first key, inclusive; empty for the beginning.</param>
    /// <param name="to">The end, exclusive; empty for no end.</param>
    /// <param name="after">The continuation of the page before; empty for the first page.</param>
    /// <param name="limit">How many keys at most.</param>
    /// <param name="shards">Only these shards; empty for all of the cluster's.</param>
    public static ReadOperation Scan(
        ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> from, ReadOnlyMemory<byte> to, ReadOnlyMemory<byte> after, int limit,
        ReadOnlyMemory<byte> shards = default) =>
        new() { Kind = OperationKind.Scan, Key = prefix, From = from, To = to, After = after, Limit = limit, Shards = shards };
}

/// <summary>One read as it is read from a batch; all bytes are slices of the batch.</summary>
public ref struct ReadOperationView
{
    /// <summary>Get, Scan or ReadTransaction.</summary>
    public OperationKind Kind { get; internal set; }

    /// <summary>Get: the key. Scan: the prefix. ReadTransaction: the first key that it names.</summary>
    public ReadOnlySpan<byte> Key { get; internal set; }

    /// <summary>See <see cref="ReadOperation.From"/>.</summary>
    public ReadOnlySpan<byte> From { get; internal set; }

    /// <summary>See <see cref="ReadOperation.To"/>.</summary>
    public ReadOnlySpan<byte> To { get; internal set; }

    /// <summary>See <see cref="ReadOperation.After"/>.</summary>
    public ReadOnlySpan<byte> After { get; internal set; }

    /// <summary>See <see cref="ReadOperation.Limit"/>.</summary>
    public int Limit { get; internal set; }

    /// <summary>See <see cref="ReadOperation.Shards"/>.</summary>
    public ReadOnlySpan<byte> Shards { get; internal set; }

    /// <summary>See <see cref="ReadOperation.Body"/>.</summary>
    public ReadOnlySpan<byte> Body { get; internal set; }

    /// <summary>Scan: whether a shard is asked for.</summary>
    /// <param name="shard">The shard.</param>
    public readonly bool Wants(ShardId shard) => Shards.IsEmpty || ShardBits.Contains(Shards, shard);
}
