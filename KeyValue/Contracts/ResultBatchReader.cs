namespace Quorleans.KeyValue;

/// <summary>Reads a batch of results without copying: values and items are slices of it, so they keep it alive.</summary>
public ref struct ResultBatchReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private PayloadReader _reader;
    private int _read;

    /// <summary>Opens a batch.</summary>
    /// <param name="payload">The encoded batch.</param>
    public ResultBatchReader(ReadOnlyMemory<byte> payload)
    {
        _memory = payload;
        _reader = new PayloadReader(payload.Span);
        Error = KeyValueCodec.CheckHeader(ref _reader, KeyValueCodec.ResultBatch, "batch of results");
        if (Error.IsError) return;
        Count = (int)_reader.Varint(int.MaxValue);
        if (_reader.Failed) Error = KeyValueCodec.Malformed("The batch of results ends within its header.");
        else if (Count == 0 && !_reader.AtEnd) Error = KeyValueCodec.Malformed($"{_reader.Remaining} bytes follow an empty batch of results.");
    }

    /// <summary>How many results the header announces: one for each operation sent.</summary>
    public int Count { get; }

    /// <summary>What is wrong with the batch, as far as it was read.</summary>
    public ValidationError Error { get; private set; }

    /// <summary>Reads the next result.</summary>
    /// <param name="result">The result.</param>
    /// <returns>False at the end and at the first mistake: see <see cref="Error"/>.</returns>
    public bool TryRead(out OperationResult result)
    {
        result = default;
        if (_read == Count || Error.IsError) return false;

        var status = (OperationStatus)_reader.Byte();
        var parts = (ResultParts)_reader.Byte();
        if (_reader.Failed) return Fail("the batch ends within it");
        if (status is OperationStatus.None or > OperationStatus.ResultTooLarge) return Fail($"{(byte)status} is no status");
        if ((parts & ~ResultParts.All) != 0) return Fail($"its flags are 0x{(byte)parts:x2}");

        long version = parts.HasFlag(ResultParts.Version) ? _reader.Varint() : 0;
        ReadOnlyMemory<byte> value = parts.HasFlag(ResultParts.Value) ? Bytes() : default;
        ScanItems items = parts.HasFlag(ResultParts.Items) ? Items() : default;
        ReadOnlyMemory<byte>? continuation = parts.HasFlag(ResultParts.Continuation) ? Bytes() : new ReadOnlyMemory<byte>?();
        OwnerHint? owner = parts.HasFlag(ResultParts.Owner)
            ? new OwnerHint(_reader.Varint(), _reader.Varint(), (int)_reader.Varint(int.MaxValue))
            : null;
        ReadOnlyMemory<byte>? covered = parts.HasFlag(ResultParts.Covered) ? Bytes() : new ReadOnlyMemory<byte>?();

        if (_reader.Failed) return Fail("the batch ends within it, or a number is out of range");
        if (++_read == Count && !_reader.AtEnd) return Fail($"{_reader.Remaining} bytes follow it, the last one");
        result = new OperationResult
        {
            Status = status, Version = version, Value = value, Items = items, Continuation = continuation, Owner = owner, Covered = covered,
        };
        return true;
    }

    private ReadOnlyMemory<byte> Bytes()
    {
        int length = _reader.Bytes().Length;
        return _reader.Failed ? default : _memory.Slice(_reader.Position - length, length);
    }

    private ScanItems Items()
    {
        int count = (int)_reader.Varint(int.MaxValue);
        int start = _reader.Position;
        for (int i = 0; i < count && !_reader.Failed; i++)
        {
            _reader.Bytes();
            _reader.Varint();
            _reader.Bytes();
        }

        return _reader.Failed ? default : new ScanItems(_memory[start.._reader.Position], count);
    }

    private bool Fail(string what)
    {
        Error = KeyValueCodec.Malformed($"Result {_read + 1} of {Count} is malformed: {what}.");
        return false;
    }
}

/// <summary>Which parts a result has; the numbers stand in messages.</summary>
[Flags]
internal enum ResultParts : byte
{
    None = 0,
    Version = 0x01,
    Value = 0x02,
    Items = 0x04,
    Continuation = 0x08,
    Owner = 0x10,
    Covered = 0x20,
    All = Version | Value | Items | Continuation | Owner | Covered,
}
