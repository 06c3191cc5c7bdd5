namespace Quorleans.KeyValue;

/// <summary>One operation's result as it is read from a batch of results; bytes are slices of that batch.</summary>
public readonly record struct OperationResult
{
    /// <summary>What became of the operation.</summary>
    public OperationStatus Status { get; init; }

    /// <summary>See <see cref="OperationStatus"/>; 0 where it says nothing.</summary>
    public long Version { get; init; }

    /// <summary>
    /// Get: the value; empty when there is none (then the status is <see cref="OperationStatus.NotFound"/>). Transaction: the batch of results of the
    /// operations that ran, for a <see cref="ResultBatchReader"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Scan: the items.</summary>
    public ScanItems Items { get; init; }

    /// <summary>Scan: pass it as <see cref="ReadOperation.After"/> to go on; null when this page was the last.</summary>
    public ReadOnlyMemory<byte>? Continuation { get; init; }

    /// <summary>
    /// Scan: those of the shards asked for that the page covers, as <see cref="ShardBits"/>; null when it covers all of them. Keys of the others
    /// are not among the items: their owners must be asked.
    /// </summary>
    public ReadOnlyMemory<byte>? Covered { get; init; }

    /// <summary>Where the shard is after <see cref="OperationStatus.WrongShard"/> and <see cref="OperationStatus.Moving"/>, when known.</summary>
    public OwnerHint? Owner { get; init; }
}

/// <summary>Where a shard is.</summary>
/// <param name="Group">The replica group's number.</param>
/// <param name="Epoch">The shard's epoch there.</param>
/// <param name="RetryAfterMs">When to ask again, in milliseconds from now.</param>
public readonly record struct OwnerHint(long Group, long Epoch, int RetryAfterMs);

/// <summary>One key of a scan's page; key and value are slices of the batch of results.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Version">Its version.</param>
public readonly record struct KeyValueItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, long Version);

/// <summary>The items of a scan's page, still encoded; checked already. <c>foreach</c> reads them in key order without allocating.</summary>
public readonly record struct ScanItems
{
    private readonly ReadOnlyMemory<byte> _encoded;

    internal ScanItems(ReadOnlyMemory<byte> encoded, int count)
    {
        _encoded = encoded;
        Count = count;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Reads them.</summary>
    public Enumerator GetEnumerator() => new(_encoded);

    /// <summary>Reads the items one by one.</summary>
    /// <param name="encoded">The items' bytes.</param>
    public struct Enumerator(ReadOnlyMemory<byte> encoded)
    {
        private ReadOnlyMemory<byte> _rest = encoded;

        /// <summary>The item read.</summary>
        public KeyValueItem Current { get; private set; }

        /// <summary>Reads the next item.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            var reader = new PayloadReader(_rest.Span);
            int keyLength = reader.Bytes().Length;
            ReadOnlyMemory<byte> key = _rest.Slice(reader.Position - keyLength, keyLength);
            long version = reader.Varint();
            int valueLength = reader.Bytes().Length;
            ReadOnlyMemory<byte> value = _rest.Slice(reader.Position - valueLength, valueLength);
            _rest = _rest[reader.Position..];
            Current = new KeyValueItem(key, value, version);
            return true;
        }
    }
}
