namespace Quorleans.KeyValue.Store;

/// <summary>
/// Keys and values that arrive in numbers lie side by side in one array for a leaf's worth of them, a page, instead of two objects each: a hundred thousand of
/// them on three replicas in one process otherwise are six hundred thousand objects for the garbage collector to find alive, twice, while clients wait.
/// </summary>
/// <remarks>
/// A page is never written to, and lives as long as one key or value in it does. What is overwritten leaves its page for an array of its own; the rest of the
/// page moves to a smaller one when more than half is no longer used, as soon as its leaf is copied: at its first change after the next snapshot or export.
/// </remarks>
internal static class ItemPages
{
    /// <summary>Bytes after which nothing more is added to a page.</summary>
    public const int EnoughBytes = 16 << 10;

    /// <summary>Pages of at least this many bytes are allocated where the collector moves nothing.</summary>
    public const int SettledBytes = 4 << 10;

    /// <summary>Values longer than this have arrays of their own, so that a page is cheap to copy.</summary>
    public const int LongestValue = 1 << 10;

    /// <summary>Lets go of pages that a leaf hardly uses any more.</summary>
    /// <param name="keys">The leaf's keys.</param>
    /// <param name="items">Their values.</param>
    /// <param name="count">How many there are.</param>
    public static void Tidy(Slice[] keys, Item[] items, int count)
    {
        int used = 0;
        long held = 0;
        byte[]? page = null;
        for (int i = 0; i < count; i++)
        {
            if (!keys[i].IsPiece) continue;
            // A page's keys follow each other in a leaf. A value is in the page of its key, or in none.
            if (!ReferenceEquals(page, keys[i].Array)) held += (page = keys[i].Array).Length;
            used += keys[i].Length + (items[i].IsPaged ? items[i].Length : 0);
        }

        if (2L * used < held) Repack(keys, items, count, used);
    }

    private static void Repack(Slice[] keys, Item[] items, int count, int bytes)
    {
        byte[] page = GC.AllocateUninitializedArray<byte>(bytes);
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            if (!keys[i].IsPiece) continue;
            ref Item item = ref items[i];
            keys[i] = Put(page, keys[i].Span, ref position);
            if (!item.IsPaged) continue;
            ReadOnlySpan<byte> value = item.Value;
            (item.Buffer, item.Offset) = (page, position);
            Put(page, value, ref position);
        }
    }

    /// <summary>Copies bytes into a page.</summary>
    public static Slice Put(byte[] page, ReadOnlySpan<byte> bytes, ref int position)
    {
        bytes.CopyTo(page.AsSpan(position));
        var slice = new Slice(page, position, bytes.Length);
        position += bytes.Length;
        return slice;
    }
}
