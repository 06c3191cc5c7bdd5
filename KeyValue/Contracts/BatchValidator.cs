namespace Quorleans.KeyValue;

/// <summary>
/// Checks batches and single operations against the limits: the Clerk before it sends, a replica before it logs. Depends on nothing but
/// its arguments; safe on any thread.
/// </summary>
public static class BatchValidator
{
    /// <summary>Checks a batch of writes as a client sent it.</summary>
    /// <param name="payload">The encoded batch.</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <param name="shards">The cluster's shard function, of which all keys of a transaction must be one shard's.</param>
    public static ValidationError CheckWrites(ReadOnlySpan<byte> payload, KeyValueLimits limits, ShardFunction shards)
    {
        if (payload.Length > limits.MaxBatchBytes) return BatchTooLarge(payload.Length, limits);
        var reader = new WriteBatchReader(payload);
        if (reader.Count > limits.MaxBatchOperations) return TooManyOperations(reader.Count, limits);
        while (reader.TryRead(out WriteOperationView operation))
        {
            ValidationError error = CheckKey(operation.Key.Length, limits);
            if (!error.IsError && operation.Kind == OperationKind.Transaction) error = CheckTransaction(operation.Value, limits, shards);
            else if (!error.IsError) error = CheckValue(operation.Value.Length, limits);
            if (error.IsError) return error;
        }

        return reader.Error;
    }

    /// <summary>Checks a batch of reads as a client sent it.</summary>
    /// <param name="payload">The encoded batch.</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <param name="shards">The cluster's shard function, of which all keys of a transaction must be one shard's.</param>
    public static ValidationError CheckReads(ReadOnlySpan<byte> payload, KeyValueLimits limits, ShardFunction shards)
    {
        if (payload.Length > limits.MaxBatchBytes) return BatchTooLarge(payload.Length, limits);
        var reader = new ReadBatchReader(payload);
        if (reader.Count > limits.MaxBatchOperations) return TooManyOperations(reader.Count, limits);
        while (reader.TryRead(out ReadOperationView operation))
        {
            ValidationError error = operation.Kind switch
            {
                OperationKind.Get => CheckKey(operation.Key.Length, limits),
                OperationKind.ReadTransaction => CheckTransaction(operation.Body, limits, shards),
                _ => CheckScan(
                    operation.Key.Length, operation.From.Length, operation.To.Length, operation.After.Length, operation.Limit, operation.Shards.Length, limits),
            };
            if (error.IsError) return error;
        }

        return reader.Error;
    }

    /// <summary>Checks one write before it is encoded.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="limits">The cluster's limits.</param>
    public static ValidationError Check(in WriteOperation operation, KeyValueLimits limits)
    {
        if (operation.Kind is OperationKind.None or > OperationKind.Transaction)
            return KeyValueCodec.Malformed($"{operation.Kind} is no write.");
        if (operation.Sequence < 1) return KeyValueCodec.Malformed($"The sequence is {operation.Sequence}; sequences start with 1.");
        if (operation.Floor < 0 || operation.Floor >= operation.Sequence)
            return KeyValueCodec.Malformed($"The acknowledged floor {operation.Floor} is not from 0 to below the sequence {operation.Sequence}.");
        if (operation.DeadlineMs < 0) return KeyValueCodec.Malformed($"The deadline is {operation.DeadlineMs} ms; it must not be negative.");
        if (operation.ExpectedVersion < 0)
            return KeyValueCodec.Malformed($"The expected version is {operation.ExpectedVersion}; versions are 0 (missing) or more.");
        ValidationError error = CheckKey(operation.Key.Length, limits);
        if (error.IsError) return error;
        return operation.Kind == OperationKind.Transaction ? CheckTransaction(operation.Value.Span, limits) : CheckValue(operation.Value.Length, limits);
    }

    /// <summary>Checks one read before it is encoded.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="limits">The cluster's limits.</param>
    public static ValidationError Check(in ReadOperation operation, KeyValueLimits limits) => operation.Kind switch
    {
        OperationKind.Get => CheckKey(operation.Key.Length, limits),
        OperationKind.ReadTransaction => CheckTransaction(operation.Body.Span, limits),
        OperationKind.Scan => CheckScan(
            operation.Key.Length, operation.From.Length, operation.To.Length, operation.After.Length, operation.Limit, operation.Shards.Length, limits),
        _ => KeyValueCodec.Malformed($"{operation.Kind} is no read."),
    };

    /// <summary>Checks a key's length.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="limits">The cluster's limits.</param>
    public static ValidationError CheckKey(int length, KeyValueLimits limits)
    {
        if (length == 0) return new ValidationError(ValidationReason.KeyEmpty, "The key is empty; a key has at least 1 byte.");
        return length > limits.MaxKeyBytes ? KeyTooLong("The key", length, limits) : default;
    }

    /// <summary>Checks a value's length.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="limits">The cluster's limits.</param>
    public static ValidationError CheckValue(int length, KeyValueLimits limits) => length <= limits.MaxValueBytes
        ? default
        : new ValidationError(
            ValidationReason.ValueTooLarge, $"The value has {length} bytes; the limit is {limits.MaxValueBytes}. Split it over several keys.");

    /// <summary>Checks a transaction: its shape, its size, and that its keys share a shard.</summary>
    /// <param name="body">The encoded transaction (<see cref="TransactionCodec"/>).</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <param name="shards">The cluster's shard function; null where the shards were checked already.</param>
    public static ValidationError CheckTransaction(ReadOnlySpan<byte> body, KeyValueLimits limits, ShardFunction? shards = null)
    {
        if (body.Length > limits.TransactionRoom)
            return new(ValidationReason.TransactionTooLarge, $"The transaction has {body.Length} bytes; the limit is {limits.TransactionRoom}. Split it.");
        if (TransactionCodec.Check(body, out _) is { } problem) return KeyValueCodec.Malformed($"The transaction is malformed: {problem}.");
        var reader = new TransactionReader(body);
        int operations = 0;
        for (int part = 0; part < TransactionReader.Parts; part++)
        {
            int count = reader.Count();
            operations += count;
            if (operations > limits.MaxTransactionOperations)
                return new(ValidationReason.TransactionTooLarge,
                    $"The transaction has more than {limits.MaxTransactionOperations} comparisons and operations, the limit. Split it.");
            for (int i = 0; i < count; i++)
            {
                ValidationError error = part == 0 ? CheckCompare(ref reader, limits) : CheckStep(ref reader, limits);
                if (error.IsError) return error with { Message = $"{TransactionReader.PartName(part)} {i + 1}: {error.Message}" };
            }
        }

        return shards is null ? default : TransactionShards.Check(body, shards);
    }

    private static ValidationError CheckCompare(ref TransactionReader reader, KeyValueLimits limits)
    {
        reader.ReadCompare(out TransactionCompareView compare);
        ValidationError error = CheckKey(compare.Key.Length, limits);
        return error.IsError ? error : CheckValue(compare.Value.Length, limits);
    }

    private static ValidationError CheckStep(ref TransactionReader reader, KeyValueLimits limits)
    {
        reader.ReadStep(out TransactionStepView step);
        ValidationError error = CheckKey(step.Key.Length, limits);
        return error.IsError ? error : CheckValue(step.Value.Length, limits);
    }

    private static ValidationError CheckScan(int prefix, int from, int to, int after, int limit, int shards, KeyValueLimits limits)
    {
        if (shards > ShardBits.MaxBytes)
            return KeyValueCodec.Malformed($"The scan's set of shards has {shards} bytes; the limit is {ShardBits.MaxBytes}.");
        if (prefix > limits.MaxKeyBytes) return KeyTooLong("The scan's prefix", prefix, limits);
        if (from > limits.MaxKeyBytes) return KeyTooLong("The scan's first key", from, limits);
        if (to > limits.MaxKeyBytes) return KeyTooLong("The scan's end key", to, limits);
        if (after > limits.MaxKeyBytes) return KeyTooLong("The scan's continuation", after, limits);
        return limit >= 1 && limit <= limits.MaxScanItems
            ? default
            : new ValidationError(ValidationReason.ScanLimit, $"The scan's limit is {limit}; it must be 1 to {limits.MaxScanItems}.");
    }

    private static ValidationError KeyTooLong(string what, int length, KeyValueLimits limits) =>
        new(ValidationReason.KeyTooLong, $"{what} has {length} bytes; the limit is {limits.MaxKeyBytes}.");

    private static ValidationError TooManyOperations(int count, KeyValueLimits limits) => new(
        ValidationReason.TooManyOperations, $"The batch has {count} operations; the limit is {limits.MaxBatchOperations}. Send several batches.");

    private static ValidationError BatchTooLarge(int length, KeyValueLimits limits) => new(
        ValidationReason.BatchTooLarge, $"The batch has {length} bytes; the limit is {limits.MaxBatchBytes}. Send several batches.");
}
