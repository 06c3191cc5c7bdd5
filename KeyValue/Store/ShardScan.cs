namespace Quorleans.KeyValue.Store;

/// <summary>
/// Reads one page of keys over all shards in byte order: a merge of the shards' trees by a binary heap of cursors. Made to be used again.
/// </summary>
/// <param name="limits">How large a page may be.</param>
internal sealed class ShardScan(KeyValueLimits limits)
{
    private CowTree<Item>.Cursor[] _heap = [];
    private int _count;
    private readonly byte[] _covered = new byte[ShardBits.MaxBytes];
    private bool _coversAll;

    /// <summary>Reads a page.</summary>
    /// <param name="state">The shards, of which those served here are read.</param>
    /// <param name="scan">What to read.</param>
    /// <param name="results">Where the page goes.</param>
    /// <param name="room">Bytes after which the page ends, if fewer than the limit.</param>
    public void Run(StoreState state, in ReadOperationView scan, ResultBatchBuilder results, int room)
    {
        Open(state, scan);
        results.BeginScan();
        int maxBytes = Math.Min(room, limits.MaxScanBytes);
        long bytes = 0;
        int items = 0;
        ReadOnlySpan<byte> last = [];
        bool more = false;
        while (_count > 0)
        {
            ref CowTree<Item>.Cursor first = ref _heap[0];
            ReadOnlySpan<byte> key = first.Key.Span;
            // Everything starts at or behind the prefix, so the first key without it is behind them all.
            if (!key.StartsWith(scan.Key) || (!scan.To.IsEmpty && key.SequenceCompareTo(scan.To) >= 0)) break;

            ref readonly Item item = ref first.Value;
            bytes += key.Length + item.Length;
            if (items == scan.Limit || (items > 0 && bytes > maxBytes))
            {
                more = true;
                break;
            }

            results.AddScanItem(key, item.Value, item.Version);
            items++;
            last = key;
            first.MoveNext();
            if (first.IsEnd) _heap[0] = _heap[--_count];
            Sink(0);
        }

        if (_coversAll) results.EndScan(more ? last : []);
        else results.EndScan(more ? last : [], _covered.AsSpan(0, ShardBits.Size(state.Shards.Length)));
        // Cursors would keep old nodes alive.
        Array.Clear(_heap);
        _count = 0;
    }

    private void Open(StoreState state, in ReadOperationView scan)
    {
        if (_heap.Length < state.Shards.Length) _heap = new CowTree<Item>.Cursor[state.Shards.Length];
        _count = 0;
        _coversAll = true;
        Array.Clear(_covered);
        ReadOnlySpan<byte> start = scan.From.SequenceCompareTo(scan.Key) > 0 ? scan.From : scan.Key;
        bool inclusive = scan.After.IsEmpty || scan.After.SequenceCompareTo(start) < 0;
        if (!inclusive) start = scan.After;
        foreach (Shard shard in state.Shards)
        {
            if (!scan.Wants(shard.Id)) continue;
            if (!state.Serves(shard.Id.Value))
            {
                _coversAll = false;
                continue;
            }

            ShardBits.Add(_covered, shard.Id);
            CowTree<Item>.Cursor cursor = shard.Seek(start, inclusive);
            if (!cursor.IsEnd) _heap[_count++] = cursor;
        }

        for (int i = _count / 2 - 1; i >= 0; i--) Sink(i);
    }

    private void Sink(int position)
    {
        while (true)
        {
            int child = 2 * position + 1;
            if (child >= _count) return;
            if (child + 1 < _count && Compare(child + 1, child) < 0) child++;
            if (Compare(position, child) <= 0) return;
            (_heap[position], _heap[child]) = (_heap[child], _heap[position]);
            position = child;
        }
    }

    private int Compare(int left, int right) => _heap[left].Key.Span.SequenceCompareTo(_heap[right].Key.Span);
}
