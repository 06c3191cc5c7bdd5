namespace Quorleans.KeyValue;

/// <summary>
/// Reads a batch of writes without copying: keys and values are slices of the payload. Checks shape only; limits are
/// <see cref="BatchValidator"/>'s.
/// </summary>
public ref struct WriteBatchReader
{
    private readonly ReadOnlySpan<byte> _payload;
    private PayloadReader _reader;
    private int _read;
    private int _start;
    private bool _hasTransaction;

    /// <summary>Opens a batch.</summary>
    /// <param name="payload">The encoded batch.</param>
    public WriteBatchReader(ReadOnlySpan<byte> payload)
    {
        _payload = payload;
        _reader = new PayloadReader(payload);
        Error = KeyValueCodec.CheckHeader(ref _reader, KeyValueCodec.WriteBatch, "batch of writes");
        if (Error.IsError) return;
        Client = _reader.Client();
        Count = (int)_reader.Varint(int.MaxValue);
        if (_reader.Failed) Error = KeyValueCodec.Malformed("The batch of writes ends within its header.");
        else if (Client.IsNone) Error = KeyValueCodec.Malformed("The batch of writes has client id 0, which is no client.");
        else if (Count == 0) Error = KeyValueCodec.Malformed("The batch of writes has no operation.");
        if (Error.IsError) Count = 0;
    }

    /// <summary>Whose operations they are.</summary>
    public ClientId Client { get; }

    /// <summary>How many operations the header announces; not to be trusted for allocations before they were read.</summary>
    public int Count { get; }

    /// <summary>What is wrong with the batch, as far as it was read.</summary>
    public ValidationError Error { get; private set; }

    /// <summary>Reads the next operation.</summary>
    /// <param name="operation">The operation; its key may be empty.</param>
    /// <returns>False at the end and at the first mistake: see <see cref="Error"/>.</returns>
    public bool TryRead(out WriteOperationView operation)
    {
        operation = default;
        if (_read == Count || Error.IsError) return false;

        _start = _reader.Position;
        WriteOperationView read = default;
        if (ReadOperation(ref _reader, ref read) is { } problem) return Fail(problem);
        operation = read;
        _hasTransaction |= read.Kind == OperationKind.Transaction;
        if (_hasTransaction && _payload[1] == KeyValueCodec.FirstVersion) return Fail("a batch of format 1 has no transactions");
        if (++_read == Count && !_reader.AtEnd) return Fail($"{_reader.Remaining} bytes follow it, the last one");
        if (_read == Count && !_hasTransaction && _payload[1] != KeyValueCodec.FirstVersion) return Fail("a batch of format 2 has a transaction");
        return true;
    }

    /// <summary>The bytes of the operation read last, which <see cref="ReadOperation"/> reads.</summary>
    public readonly ReadOnlySpan<byte> Encoded => _payload[_start.._reader.Position];

    /// <summary>Reads one write without the batch around it.</summary>
    /// <param name="reader">Where it stands.</param>
    /// <param name="operation">The write.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? ReadOperation(ref PayloadReader reader, ref WriteOperationView operation)
    {
        operation.Kind = (OperationKind)reader.Byte();
        operation.Sequence = reader.Varint();
        long aboveFloor = reader.Varint();
        operation.DeadlineMs = reader.Varint();
        operation.Key = reader.Bytes();
        switch (operation.Kind)
        {
            case OperationKind.Put or OperationKind.Append:
                operation.Value = reader.Bytes();
                break;
            case OperationKind.Delete:
                break;
            case OperationKind.CompareAndSet:
                operation.ExpectedVersion = reader.Varint();
                operation.Value = reader.Bytes();
                break;
            case OperationKind.Transaction:
                operation.Value = reader.Bytes();
                if (!reader.Failed && CheckTransaction(operation) is { } problem) return problem;
                break;
            default:
                return reader.Failed ? "the batch ends within it" : $"{(byte)operation.Kind} is no kind of write";
        }

        if (reader.Failed) return "the batch ends within it, or a number is out of range";
        if (operation.Sequence < 1) return "its sequence is 0; sequences start with 1";
        if (aboveFloor < 1 || aboveFloor > operation.Sequence) return "its acknowledged floor is not below its sequence";
        operation.Floor = operation.Sequence - aboveFloor;
        return null;
    }

    private static string? CheckTransaction(in WriteOperationView operation) =>
        TransactionCodec.Check(operation.Value, out _)
        ?? (operation.Key.SequenceEqual(TransactionCodec.FirstKey(operation.Value)) ? null : "its key is not the first that its transaction names");

    private bool Fail(string what)
    {
        Error = KeyValueCodec.Malformed($"Write {_read + 1} of {Count} is malformed: {what}.");
        return false;
    }
}
