namespace Quorleans.KeyValue.Store;

/// <summary>
/// The source's side of an attempt on one replica: the shard as it stood at the start, and the operations applied since that the destination does not have
/// yet. Not replicated: a replica that restarted has none.
/// </summary>
/// <param name="image">The shard at the start; nobody changes it.</param>
/// <param name="attempt">The attempt.</param>
/// <param name="budget">Bytes of operations to keep, at most.</param>
internal sealed class ExportView(Shard image, int attempt, long budget)
{
    private const int BlockBytes = 32 << 10;

    // Side by side in blocks: they wait for seconds, and the collector shall not find each of them alive for itself.
    private readonly List<Slice> _operations = [];
    private readonly PayloadWriter _record = new();
    private byte[] _block = [];
    private int _used;
    private int _head;

    /// <summary>The shard at the start.</summary>
    public Shard Image { get; } = image;

    /// <summary>The attempt.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>Operations since the start that are no longer kept, because the destination has them.</summary>
    public long First { get; private set; }

    /// <summary>Operations since the start.</summary>
    public long Count => First + Kept;

    /// <summary>Operations kept.</summary>
    public int Kept => _operations.Count - _head;

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>How often the destination asked for operations.</summary>
    public long Asked { get; set; }

    /// <summary>Keeps an operation that was applied to the shard.</summary>
    /// <param name="timeMs">The log time at which it was.</param>
    /// <param name="client">Who sent it.</param>
    /// <param name="operation">Its encoding in the batch.</param>
    /// <returns>False when that is too much: the view is of no use any more.</returns>
    public bool Record(long timeMs, ClientId client, ReadOnlySpan<byte> operation)
    {
        _record.Clear();
        _record.Varint(timeMs);
        _record.Client(client);
        _record.Raw(operation);
        if (_block.Length - _used < _record.Length) (_block, _used) = (GC.AllocateUninitializedArray<byte>(Math.Max(BlockBytes, _record.Length)), 0);
        _record.Written.CopyTo(_block.AsSpan(_used));
        _operations.Add(new Slice(_block, _used, _record.Length));
        _used += _record.Length;
        Bytes += _record.Length;
        return Bytes <= budget;
    }

    /// <summary>Drops what the destination has.</summary>
    /// <param name="through">How many operations since the start it has.</param>
    public void Forget(long through)
    {
        for (; First < through && _head < _operations.Count; First++)
        {
            Bytes -= _operations[_head].Length;
            _operations[_head++] = default;
        }

        if (_head <= _operations.Count / 2) return;
        _operations.RemoveRange(0, _head);
        _head = 0;
    }

    /// <summary>Reads operations.</summary>
    /// <param name="from">How many since the start come before the first; at least <see cref="First"/>.</param>
    /// <param name="maxBytes">Bytes after which no further one is added; the first always is.</param>
    /// <param name="content">The operations.</param>
    /// <returns>How many since the start come before the next.</returns>
    public long Read(long from, int maxBytes, out ReadOnlyMemory<byte> content)
    {
        var writer = new PayloadWriter((int)Math.Min(Bytes, maxBytes + 1024L));
        int index = _head + (int)(from - First);
        while (index < _operations.Count && (writer.Length == 0 || writer.Length + _operations[index].Length <= maxBytes))
            writer.Raw(_operations[index++].Span);
        content = writer.Detach();
        return First + index - _head;
    }
}
