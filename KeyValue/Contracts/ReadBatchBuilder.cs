namespace Quorleans.KeyValue;

/// <summary>
/// Encodes reads into a batch (layout: <see cref="KeyValueCodec"/>). Made to be used again: call <see cref="Begin"/> for each batch. Not safe
/// for several threads at once. An empty batch is well-formed: its reply tells the log time.
/// </summary>
/// <param name="limits">What a batch may hold.</param>
public sealed class ReadBatchBuilder(KeyValueLimits limits)
{
    private const int MaxHeader = 2 + 10;
    private readonly PayloadWriter _operations = new();
    private bool _hasTransaction;

    /// <summary>Operations added.</summary>
    public int Count { get; private set; }

    /// <summary>Encoded bytes so far, at most.</summary>
    public int Length => MaxHeader + _operations.Length;

    /// <summary>Starts an empty batch.</summary>
    public void Begin()
    {
        _operations.Clear();
        Count = 0;
        _hasTransaction = false;
    }

    /// <summary>Adds an operation unless the batch is full.</summary>
    /// <param name="operation">The operation; checked by <see cref="BatchValidator.Check(in ReadOperation, KeyValueLimits)"/> before.</param>
    /// <returns>False when it does not fit any more: send this batch, then begin another.</returns>
    /// <exception cref="ArgumentException">The operation is over a limit or malformed.</exception>
    public bool TryAdd(in ReadOperation operation)
    {
        ValidationError error = BatchValidator.Check(operation, limits);
        if (error.IsError) throw new ArgumentException(error.Message, nameof(operation));

        long size = (long)operation.Key.Length + operation.From.Length + operation.To.Length + operation.After.Length
            + operation.Shards.Length + operation.Body.Length + KeyValueCodec.MaxOperationOverhead;
        if (Count == limits.MaxBatchOperations || Length + size > limits.MaxBatchBytes) return false;

        PayloadWriter writer = _operations;
        writer.Byte((byte)operation.Kind);
        writer.Bytes(operation.Key.Span);
        if (operation.Kind == OperationKind.Scan)
        {
            writer.Bytes(operation.From.Span);
            writer.Bytes(operation.To.Span);
            writer.Bytes(operation.After.Span);
            writer.Varint((long)operation.Limit);
            writer.Bytes(operation.Shards.Span);
        }

        if (operation.Kind == OperationKind.ReadTransaction)
        {
            writer.Bytes(operation.Body.Span);
            _hasTransaction = true;
        }

        Count++;
        return true;
    }

    /// <summary>The encoded batch in an array of its own, exactly as long.</summary>
    public byte[] ToArray()
    {
        int header = 2 + PayloadWriter.VarintSize((ulong)Count);
        var batch = new byte[header + _operations.Length];
        batch[0] = KeyValueCodec.ReadBatch;
        batch[1] = _hasTransaction ? KeyValueCodec.Version : KeyValueCodec.FirstVersion;
        ulong rest = (ulong)Count;
        for (int i = 2; i < header; i++, rest >>= 7) batch[i] = (byte)(i == header - 1 ? rest : rest | 0x80);
        _operations.Written.CopyTo(batch.AsSpan(header));
        return batch;
    }
}
