using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>
/// One page of a scan, put together from several groups. Every shard is asked for by one part at a time, and once a group has read it (it says
/// so itself, from the state of its log), nobody is asked for it again. So a shard that moves meanwhile is neither missed nor read twice.
/// </summary>
internal sealed class ScanGather
{
    private readonly KeyValueLimits _limits;

    public ScanGather(ClerkOperation scan, byte[] wanted, KeyValueLimits limits)
    {
        Scan = scan;
        Missing = wanted;
        _limits = limits;
    }

    /// <summary>The caller's operation.</summary>
    public ClerkOperation Scan { get; }

    /// <summary>Shards that nobody has read and nobody is asked for.</summary>
    public byte[] Missing { get; }

    /// <summary>Whether there are any.</summary>
    public bool MissesAny => Missing.AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>The parts under way.</summary>
    public List<ScanPart> Waiting { get; } = [];

    /// <summary>The parts that were answered.</summary>
    public List<ScanPart> Read { get; } = [];

    /// <summary>Whether every shard has been read.</summary>
    public bool IsComplete => Waiting.Count == 0 && !MissesAny;

    /// <summary>A part was answered.</summary>
    /// <param name="part">The part.</param>
    /// <param name="result">Its result.</param>
    /// <returns>Whether it covers all that it asked for.</returns>
    public bool Take(ScanPart part, in OperationResult result)
    {
        Waiting.Remove(part);
        part.Items = result.Items;
        part.Continuation = result.Continuation is { IsEmpty: false } ? result.Continuation : null;
        Read.Add(part);
        if (result.Covered is not { } covered) return true;
        bool all = true;
        for (int i = 0; i < part.Shards.Length; i++)
        {
            int left = part.Shards[i] & ~(i < covered.Length ? covered.Span[i] : 0);
            Missing[i] |= (byte)left;
            all &= left == 0;
        }

        return all;
    }

    /// <summary>A part will not be sent: its shards are missing again.</summary>
    public void GiveBack(ScanPart part)
    {
        Waiting.Remove(part);
        for (int i = 0; i < part.Shards.Length; i++) Missing[i] |= part.Shards[i];
    }

    /// <summary>
    /// Merges the parts into a page. A part that ended at its limit says nothing of what lies behind its last key, so the page ends at the
    /// first such key; what other parts read behind it is read again for the next page.
    /// </summary>
    public ScanPage Merge()
    {
        ScanItems.Enumerator[] cursors = new ScanItems.Enumerator[Read.Count];
        bool[] ended = new bool[Read.Count];
        ReadOnlyMemory<byte>? bound = null;
        int count = 0;
        for (int i = 0; i < cursors.Length; i++)
        {
            cursors[i] = Read[i].Items.GetEnumerator();
            ended[i] = !cursors[i].MoveNext();
            count += Read[i].Items.Count;
            if (Read[i].Continuation is { } last && (bound is not { } first || last.Span.SequenceCompareTo(first.Span) < 0)) bound = last;
        }

        List<ScanItem> items = new(Math.Min(count, Scan.Scan!.Limit));
        ReadOnlyMemory<byte>? after = bound;
        long bytes = 0;
        while (First(cursors, ended) is var next && next >= 0)
        {
            KeyValueItem item = cursors[next].Current;
            if (bound is { } end && item.Key.Span.SequenceCompareTo(end.Span) > 0) break;
            bytes += item.Key.Length + item.Value.Length;
            if (items.Count == Scan.Scan.Limit || (items.Count > 0 && Read.Count > 1 && bytes > _limits.MaxScanBytes))
            {
                after = items[^1].Key;
                break;
            }

            items.Add(new ScanItem(item.Key, item.Value, item.Version));
            ended[next] = !cursors[next].MoveNext();
        }

        return new ScanPage(items, after is { } key ? ScanToken.Create(Scan.Scan, key.Span) : null);
    }

    // As many parts as groups: a heap would not pay.
    private static int First(ScanItems.Enumerator[] cursors, bool[] ended)
    {
        int first = -1;
        for (int i = 0; i < cursors.Length; i++)
        {
            if (ended[i]) continue;
            if (first < 0 || cursors[i].Current.Key.Span.SequenceCompareTo(cursors[first].Current.Key.Span) < 0) first = i;
        }

        return first;
    }
}
