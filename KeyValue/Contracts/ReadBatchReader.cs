namespace Quorleans.KeyValue;

/// <summary>Reads a batch of reads without copying. Checks shape only; limits are <see cref="BatchValidator"/>'s.</summary>
public ref struct ReadBatchReader
{
    private PayloadReader _reader;
    private readonly byte _version;
    private int _read;
    private bool _hasTransaction;

    /// <summary>Opens a batch.</summary>
    /// <param name="payload">The encoded batch.</param>
    public ReadBatchReader(ReadOnlySpan<byte> payload)
    {
        _reader = new PayloadReader(payload);
        Error = KeyValueCodec.CheckHeader(ref _reader, KeyValueCodec.ReadBatch, "batch of reads");
        if (Error.IsError) return;
        _version = payload[1];
        Count = (int)_reader.Varint(int.MaxValue);
        if (_reader.Failed) Error = KeyValueCodec.Malformed("The batch of reads ends within its header.");
        else if (Count == 0 && !_reader.AtEnd) Error = KeyValueCodec.Malformed($"{_reader.Remaining} bytes follow an empty batch of reads.");
        else if (Count == 0 && _version != KeyValueCodec.FirstVersion) Error = KeyValueCodec.Malformed("An empty batch of reads has format 1.");
    }

    /// <summary>How many operations the header announces; not to be trusted for allocations before they were read.</summary>
    public int Count { get; }

    /// <summary>What is wrong with the batch, as far as it was read.</summary>
    public ValidationError Error { get; private set; }

    /// <summary>Reads the next operation.</summary>
    /// <param name="operation">The operation; a Get's key may be empty.</param>
    /// <returns>False at the end and at the first mistake: see <see cref="Error"/>.</returns>
    public bool TryRead(out ReadOperationView operation)
    {
        operation = default;
        if (_read == Count || Error.IsError) return false;

        operation.Kind = (OperationKind)_reader.Byte();
        operation.Key = _reader.Bytes();
        if (operation.Kind == OperationKind.Scan)
        {
            operation.From = _reader.Bytes();
            operation.To = _reader.Bytes();
            operation.After = _reader.Bytes();
            operation.Limit = (int)_reader.Varint(int.MaxValue);
            operation.Shards = _reader.Bytes();
        }

        if (operation.Kind == OperationKind.ReadTransaction)
        {
            _hasTransaction = true;
            operation.Body = _reader.Bytes();
        }

        if (_reader.Failed) return Fail("the batch ends within it, or a number is out of range");
        if (operation.Kind is not (OperationKind.Get or OperationKind.Scan or OperationKind.ReadTransaction))
            return Fail($"{(byte)operation.Kind} is no kind of read");
        if (operation.Kind == OperationKind.ReadTransaction && CheckTransaction(operation) is { } problem) return Fail(problem);
        if (_hasTransaction && _version == KeyValueCodec.FirstVersion) return Fail("a batch of format 1 has no transactions");
        if (++_read == Count && !_reader.AtEnd) return Fail($"{_reader.Remaining} bytes follow it, the last one");
        if (_read == Count && !_hasTransaction && _version != KeyValueCodec.FirstVersion) return Fail("a batch of format 2 has a transaction");
        return true;
    }

    private static string? CheckTransaction(in ReadOperationView operation)
    {
        if (TransactionCodec.Check(operation.Body, out bool isReadOnly) is { } problem) return problem;
        if (!isReadOnly) return "its transaction writes";
        return operation.Key.SequenceEqual(TransactionCodec.FirstKey(operation.Body)) ? null : "its key is not the first that its transaction names";
    }

    private bool Fail(string what)
    {
        Error = KeyValueCodec.Malformed($"Read {_read + 1} of {Count} is malformed: {what}.");
        return false;
    }
}
