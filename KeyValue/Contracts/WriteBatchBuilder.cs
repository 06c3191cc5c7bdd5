namespace Quorleans.KeyValue;

/// <summary>
/// Encodes writes of one client into a batch (layout: <see cref="KeyValueCodec"/>). Made to be used again: call <see cref="Begin"/> for
/// each batch. Not safe for several threads at once.
/// </summary>
/// <param name="limits">What a batch may hold.</param>
public sealed class WriteBatchBuilder(KeyValueLimits limits)
{
    private readonly PayloadWriter _operations = new();
    private ClientId _client;
    private bool _hasTransaction;

    /// <summary>Operations added.</summary>
    public int Count { get; private set; }

    /// <summary>Encoded bytes so far, at most.</summary>
    public int Length => KeyValueCodec.MaxHeaderBytes + _operations.Length;

    /// <summary>Starts an empty batch.</summary>
    /// <param name="client">Whose operations they are.</param>
    public void Begin(ClientId client)
    {
        if (client.IsNone) throw new ArgumentException("A client id of 0 is no client; draw 128 random bits.", nameof(client));
        _operations.Clear();
        _client = client;
        Count = 0;
        _hasTransaction = false;
    }

    /// <summary>Adds an operation unless the batch is full.</summary>
    /// <param name="operation">The operation; checked by <see cref="BatchValidator.Check(in WriteOperation, KeyValueLimits)"/> before.</param>
    /// <returns>False when it does not fit any more: send this batch, then begin another. The first one that is within the limits always fits.</returns>
    /// <exception cref="ArgumentException">The operation is over a limit or malformed.</exception>
    public bool TryAdd(in WriteOperation operation)
    {
        ValidationError error = BatchValidator.Check(operation, limits);
        if (error.IsError) throw new ArgumentException(error.Message, nameof(operation));

        long size = (long)operation.Key.Length + operation.Value.Length + KeyValueCodec.MaxOperationOverhead;
        if (Count == limits.MaxBatchOperations || Length + size > limits.MaxBatchBytes) return false;

        PayloadWriter writer = _operations;
        writer.Byte((byte)operation.Kind);
        writer.Varint(operation.Sequence);
        writer.Varint(operation.Sequence - operation.Floor);
        writer.Varint(operation.DeadlineMs);
        writer.Bytes(operation.Key.Span);
        if (operation.Kind == OperationKind.CompareAndSet) writer.Varint(operation.ExpectedVersion);
        if (operation.Kind != OperationKind.Delete) writer.Bytes(operation.Value.Span);
        _hasTransaction |= operation.Kind == OperationKind.Transaction;
        Count++;
        return true;
    }

    /// <summary>The encoded batch in an array of its own, exactly as long.</summary>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public byte[] ToArray()
    {
        if (Count == 0) throw new InvalidOperationException("A batch of writes needs at least one operation.");
        int header = 2 + ClientId.Size + PayloadWriter.VarintSize((ulong)Count);
        var batch = new byte[header + _operations.Length];
        batch[0] = KeyValueCodec.WriteBatch;
        batch[1] = _hasTransaction ? KeyValueCodec.Version : KeyValueCodec.FirstVersion;
        _client.Write(batch.AsSpan(2));
        ulong rest = (ulong)Count;
        for (int i = 2 + ClientId.Size; i < header; i++, rest >>= 7) batch[i] = (byte)(i == header - 1 ? rest : rest | 0x80);
        _operations.Written.CopyTo(batch.AsSpan(header));
        return batch;
    }
}
