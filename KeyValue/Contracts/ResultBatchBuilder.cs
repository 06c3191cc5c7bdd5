namespace Quorleans.KeyValue;

/// <summary>
/// Encodes a batch of results (layout: <see cref="KeyValueCodec"/>). Made to be used again. Not safe for several threads at once.
/// </summary>
public sealed class ResultBatchBuilder
{
    /// <summary>What a batch's header takes at most, in bytes.</summary>
    internal const int MaxHeaderBytes = 2 + 5;

    /// <summary>Below this a result is copied into an array of its size; above, the buffer itself is handed out.</summary>
    private const int CopyBelow = 64 << 10;

    private readonly PayloadWriter _writer = new();
    private int _scanStart;
    private int _scanCount;
    private PayloadWriter? _scanItems;

    /// <summary>Encoded bytes so far.</summary>
    public int Length => _writer.Length + (_scanItems?.Length ?? 0);

    /// <summary>Starts a batch.</summary>
    /// <param name="count">How many results will follow: one for each operation.</param>
    public void Begin(int count)
    {
        _writer.Clear();
        _scanItems?.Clear();
        _writer.Byte(KeyValueCodec.ResultBatch);
        _writer.Byte(KeyValueCodec.FirstVersion);
        _writer.Varint((long)count);
    }

    /// <summary>Adds a result that has no more than a version.</summary>
    /// <param name="status">What became of the operation.</param>
    /// <param name="version">Its version, or 0.</param>
    public void Add(OperationStatus status, long version)
    {
        _writer.Byte((byte)status);
        if (version == 0)
        {
            _writer.Byte((byte)ResultParts.None);
            return;
        }

        _writer.Byte((byte)ResultParts.Version);
        _writer.Varint(version);
    }

    /// <summary>Adds what a Get found.</summary>
    /// <param name="value">The value.</param>
    /// <param name="version">Its version.</param>
    public void AddValue(ReadOnlySpan<byte> value, long version)
    {
        _writer.Byte((byte)OperationStatus.Ok);
        _writer.Byte((byte)(ResultParts.Version | ResultParts.Value));
        _writer.Varint(version);
        _writer.Bytes(value);
    }

    /// <summary>Adds what a transaction was answered.</summary>
    /// <param name="status"><see cref="OperationStatus.Ok"/> or <see cref="OperationStatus.CompareFailed"/>.</param>
    /// <param name="body">The batch of its operations' results.</param>
    public void AddBody(OperationStatus status, ReadOnlySpan<byte> body)
    {
        _writer.Byte((byte)status);
        _writer.Byte((byte)ResultParts.Value);
        _writer.Bytes(body);
    }

    /// <summary>Adds a refusal that tells where the shard is.</summary>
    /// <param name="status"><see cref="OperationStatus.WrongShard"/> or <see cref="OperationStatus.Moving"/>.</param>
    /// <param name="owner">Where it is.</param>
    public void AddOwner(OperationStatus status, OwnerHint owner)
    {
        _writer.Byte((byte)status);
        _writer.Byte((byte)ResultParts.Owner);
        _writer.Varint(owner.Group);
        _writer.Varint(owner.Epoch);
        _writer.Varint((long)owner.RetryAfterMs);
    }

    /// <summary>Starts a scan's page; then <see cref="AddScanItem"/> for each item, then <see cref="EndScan(ReadOnlySpan{byte})"/>.</summary>
    public void BeginScan()
    {
        _scanItems ??= new PayloadWriter();
        _scanItems.Clear();
        _scanStart = _writer.Length;
        _scanCount = 0;
    }

    /// <summary>Adds an item to the page.</summary>
    /// <param name="key">The key; larger than the one before.</param>
    /// <param name="value">The value.</param>
    /// <param name="version">Its version.</param>
    public void AddScanItem(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long version)
    {
        _scanItems!.Bytes(key);
        _scanItems.Varint(version);
        _scanItems.Bytes(value);
        _scanCount++;
    }

    /// <summary>Ends the page.</summary>
    /// <param name="continuation">The last key read when there may be more; empty when the page was the last.</param>
    public void EndScan(ReadOnlySpan<byte> continuation) => EndScan(continuation, coversAll: true, default);

    /// <summary>Ends a page that covers some of the shards that were asked for, and not all.</summary>
    /// <param name="continuation">The last key read when there may be more; empty when the page was the last.</param>
    /// <param name="covered">Those it covers, as <see cref="ShardBits"/>; empty for none.</param>
    public void EndScan(ReadOnlySpan<byte> continuation, ReadOnlySpan<byte> covered) => EndScan(continuation, coversAll: false, covered);

    /// <summary>The encoded batch in an array of its own, exactly as long.</summary>
    public byte[] ToArray() => _writer.ToArray();

    /// <summary>The encoded batch; nothing of it is used again here.</summary>
    public ReadOnlyMemory<byte> Build() => _writer.Length < CopyBelow ? _writer.ToArray() : _writer.Detach();

    private void EndScan(ReadOnlySpan<byte> continuation, bool coversAll, ReadOnlySpan<byte> covered)
    {
        ResultParts parts = ResultParts.Items;
        if (!continuation.IsEmpty) parts |= ResultParts.Continuation;
        if (!coversAll) parts |= ResultParts.Covered;
        _writer.Truncate(_scanStart);
        _writer.Byte((byte)OperationStatus.Ok);
        _writer.Byte((byte)parts);
        _writer.Varint((long)_scanCount);
        _writer.Raw(_scanItems!.Written);
        if (!continuation.IsEmpty) _writer.Bytes(continuation);
        if (!coversAll) _writer.Bytes(covered);
        _scanItems.Clear();
    }
}
