namespace Quorleans.KeyValue;

/// <summary>
/// The limits of a store. Recorded when a cluster is created, so that all replicas agree: an append that one replica takes and another
/// refuses would make them differ.
/// </summary>
public sealed record KeyValueLimits
{
    /// <summary>The defaults.</summary>
    public static KeyValueLimits Default { get; } = new();

    /// <summary>Bytes of a key, at most; 4,096. At least 1, at most 65,536.</summary>
    public int MaxKeyBytes { get; init; } = 4096;

    /// <summary>Bytes of a value, at most, an append's sum too; 1 MiB. At most 64 MiB.</summary>
    public int MaxValueBytes { get; init; } = 1 << 20;

    /// <summary>Operations of a batch, at most; 1,024. Bounds how long one log entry holds up the apply loop.</summary>
    public int MaxBatchOperations { get; init; } = 1024;

    /// <summary>
    /// Encoded bytes of a batch, at most; 4 MiB. Room for one operation with the longest key and value must remain, or that operation could never be sent.
    /// </summary>
    public int MaxBatchBytes { get; init; } = 4 << 20;

    /// <summary>Keys of one scan page, at most; 10,000.</summary>
    public int MaxScanItems { get; init; } = 10_000;

    /// <summary>Key and value bytes of one scan page after which it ends (the first item always fits); 1 MiB.</summary>
    public int MaxScanBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of a read batch's reply after which its other reads are answered <see cref="OperationStatus.Busy"/>; 4 MiB.</summary>
    public int MaxReplyBytes { get; init; } = 4 << 20;

    /// <summary>
    /// Results that a session may hold: a client's operations on one shard that are done and not acknowledged; 65,536. Further ones are
    /// <see cref="OperationStatus.Busy"/>.
    /// </summary>
    public int MaxSessionResults { get; init; } = 65_536;

    /// <summary>Sessions of one shard, at most; 262,144. Operations of further clients are <see cref="OperationStatus.Busy"/>.</summary>
    public int MaxSessionsPerShard { get; init; } = 262_144;

    /// <summary>Comparisons and operations of one transaction, both branches together, at most; 128.</summary>
    public int MaxTransactionOperations { get; init; } = 128;

    /// <summary>
    /// Encoded bytes of one transaction, at most; 2 MiB, or what <see cref="MaxBatchBytes"/> leaves if that is less. Its single keys and values have their own
    /// limits besides.
    /// </summary>
    public int MaxTransactionBytes { get; init; } = 2 << 20;

    /// <summary>
    /// Bytes of the values that one transaction may read, together; 256 KiB. More is <see cref="OperationStatus.ResultTooLarge"/>: they are kept
    /// for a retry, in memory and in snapshots.
    /// </summary>
    public int MaxTransactionResultBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Bytes of transactions' results that a session may hold for retries; 4 MiB. Further transactions that may be larger than what is left are
    /// <see cref="OperationStatus.Busy"/>.
    /// </summary>
    public int MaxSessionResultBytes { get; init; } = 4 << 20;

    /// <summary>
    /// Log time in milliseconds for which a result that nobody acknowledged is kept after its operation's deadline; 60,000. Within it a late
    /// retry is told what happened, or surely that nothing did; after it the answer is <see cref="OperationStatus.Stale"/>.
    /// </summary>
    public int ResultRetentionMs { get; init; } = 60_000;

    /// <summary>What an operation's result takes at most in a transaction's, beside the value.</summary>
    internal const int TransactionResultOverhead = 2 + 10 + 5;

    /// <summary>The bytes that a transaction's results take at most, encoded.</summary>
    internal int MaxTransactionResultBodyBytes =>
        ResultBatchBuilder.MaxHeaderBytes + MaxTransactionResultBytes + MaxTransactionOperations * TransactionResultOverhead;

    /// <summary>The bytes that a transaction may have beside the longest key.</summary>
    internal int TransactionRoom =>
        Math.Min(MaxTransactionBytes, MaxBatchBytes - MaxKeyBytes - KeyValueCodec.MaxOperationOverhead - KeyValueCodec.MaxHeaderBytes);

    /// <summary>Checks that the limits fit together.</summary>
    /// <returns>Null, or what is wrong, for a person.</returns>
    public string? Problem()
    {
        if (MaxKeyBytes is < 1 or > 1 << 16) return $"MaxKeyBytes is {MaxKeyBytes}; it must be 1 to {1 << 16}.";
        if (MaxValueBytes is < 0 or > 1 << 26) return $"MaxValueBytes is {MaxValueBytes}; it must be 0 to {1 << 26}.";
        if (MaxBatchOperations is < 1 or > 1 << 16) return $"MaxBatchOperations is {MaxBatchOperations}; it must be 1 to {1 << 16}.";
        if (MaxBatchBytes < MaxKeyBytes + MaxValueBytes + KeyValueCodec.MaxOperationOverhead + KeyValueCodec.MaxHeaderBytes)
            return $"MaxBatchBytes is {MaxBatchBytes}, too small for one operation with a key of {MaxKeyBytes} and a value of {MaxValueBytes} bytes.";
        if (MaxBatchBytes > 1 << 28) return $"MaxBatchBytes is {MaxBatchBytes}; it must be at most {1 << 28}.";
        if (MaxScanItems is < 1 or > 1 << 20) return $"MaxScanItems is {MaxScanItems}; it must be 1 to {1 << 20}.";
        if (MaxScanBytes is < 1 or > 1 << 28) return $"MaxScanBytes is {MaxScanBytes}; it must be 1 to {1 << 28}.";
        if (MaxReplyBytes is < 1 or > 1 << 28) return $"MaxReplyBytes is {MaxReplyBytes}; it must be 1 to {1 << 28}.";
        if (MaxSessionResults is < 1 or > 1 << 20) return $"MaxSessionResults is {MaxSessionResults}; it must be 1 to {1 << 20}.";
        if (MaxTransactionOperations is < 1 or > 1024) return $"MaxTransactionOperations is {MaxTransactionOperations}; it must be 1 to 1024.";
        if (MaxTransactionBytes is < 0 or > 1 << 26) return $"MaxTransactionBytes is {MaxTransactionBytes}; it must be 0 to {1 << 26}.";
        if (MaxTransactionResultBytes is < 0 or > 1 << 22) return $"MaxTransactionResultBytes is {MaxTransactionResultBytes}; it must be 0 to {1 << 22}.";
        if (MaxSessionResultBytes < MaxTransactionResultBodyBytes)
            return $"MaxSessionResultBytes is {MaxSessionResultBytes}, too small for one transaction's results of {MaxTransactionResultBodyBytes} bytes.";
        if (MaxSessionsPerShard < 1) return $"MaxSessionsPerShard is {MaxSessionsPerShard}; it must be at least 1.";
        return ResultRetentionMs < 0 ? $"ResultRetentionMs is {ResultRetentionMs}; it must not be negative." : null;
    }
}
