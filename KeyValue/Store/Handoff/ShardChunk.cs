using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// Writes a shard's copy piece by piece. Where a piece starts is in its position, so any replica that has the same view goes on:
/// <code>
/// chunk    = part*
/// part     = 0x01  bytes key  u version  bytes value                        a key with its value
///          | 0x02  bytes key  u version  u length  bytes value-part         the beginning of a value that spans chunks
///          | 0x03  bytes value-part                                         more of it
///          | 0x04  client  u floor  u latestDeadline  u count  result*      a session; deadline 0: none
///          | 0x05  client  u count  result*                                 more of its results
/// result   = u sequence  status(1 byte)  u version  u deadline  [bytes body]         with a body: 0x80 is added to the status
/// position = nothing                                                        the beginning
///          | 0x01  bytes key                                                behind a key
///          | 0x02  bytes key  u offset                                      within its value
///          | 0x03  client                                                   behind a client's session; client 0: before all
///          | 0x04  client  u sequence                                       within it, behind a result
/// </code>
/// </summary>
internal static class ShardChunk
{
    public const byte Item = 1, ItemHead = 2, ItemMore = 3, SessionHead = 4, SessionMore = 5;
    private const byte AfterKey = 1, InValue = 2, AfterClient = 3, InSession = 4;

    /// <summary>Reads the shard's next piece.</summary>
    /// <param name="image">The shard; nobody changes it meanwhile.</param>
    /// <param name="position">Where the piece starts.</param>
    /// <param name="maxBytes">Its length, at most, beside one key and one result.</param>
    /// <param name="next">Where the next one starts.</param>
    /// <param name="isLast">Whether nothing is left.</param>
    /// <returns>The piece; null when the position is malformed.</returns>
    public static ReadOnlyMemory<byte>? Read(Shard image, ReadOnlySpan<byte> position, int maxBytes, out byte[] next, out bool isLast)
    {
        next = [];
        isLast = false;
        var reader = new PayloadReader(position);
        byte kind = position.IsEmpty ? (byte)0 : reader.Byte();
        ReadOnlySpan<byte> key = kind is AfterKey or InValue ? reader.Bytes() : default;
        ClientId client = kind is AfterClient or InSession ? reader.Client() : default;
        long offset = kind is InValue or InSession ? reader.Varint() : 0;
        if (kind > InSession || reader.Failed || (!position.IsEmpty && !reader.AtEnd)) return null;

        var writer = new PayloadWriter(maxBytes + 1024);
        bool full = false;
        if (kind <= InValue)
        {
            full = WriteItems(writer, image, key, (int)Math.Min(offset, int.MaxValue), kind == InValue, maxBytes, ref next);
            client = default;
        }

        if (!full) full = WriteSessions(writer, image, client, kind == InSession ? offset : -1, maxBytes, ref next);
        isLast = !full;
        return writer.Detach();
    }

    private static bool WriteItems(PayloadWriter writer, Shard image, ReadOnlySpan<byte> after, int offset, bool within, int maxBytes, ref byte[] next)
    {
        CowTree<Item>.Cursor cursor = image.Seek(after, inclusive: within);
        if (within && !cursor.IsEnd && offset <= cursor.Value.Length)
        {
            int rest = cursor.Value.Length - offset;
            int count = Math.Min(rest, Math.Max(1, maxBytes - 16));
            writer.Byte(ItemMore);
            writer.Bytes(cursor.Value.Value.Slice(offset, count));
            next = count < rest ? Position(InValue, cursor.Key.Span, offset + count) : Position(AfterKey, cursor.Key.Span, -1);
            if (count < rest) return true;
            cursor.MoveNext();
        }

        Slice last = default;
        for (; !cursor.IsEnd; cursor.MoveNext())
        {
            ref readonly Item item = ref cursor.Value;
            long size = 32L + cursor.Key.Length + item.Length;
            if (writer.Length + size > maxBytes)
            {
                if (last.Length > 0) next = Position(AfterKey, last.Span, -1);
                if (writer.Length > 0) return true;
                if (size > maxBytes && item.Length > 1)
                {
                    int count = Math.Clamp(maxBytes - 32 - cursor.Key.Length, 1, item.Length - 1);
                    writer.Byte(ItemHead);
                    writer.Bytes(cursor.Key.Span);
                    writer.Varint(item.Version);
                    writer.Varint((long)item.Length);
                    writer.Bytes(item.Value[..count]);
                    next = Position(InValue, cursor.Key.Span, count);
                    return true;
                }
            }

            writer.Byte(Item);
            writer.Bytes(cursor.Key.Span);
            writer.Varint(item.Version);
            writer.Bytes(item.Value);
            last = cursor.Key;
        }

        if (last.Length > 0) next = Position(AfterKey, last.Span, -1);
        return false;
    }

    private static bool WriteSessions(PayloadWriter writer, Shard image, ClientId after, long afterSequence, int maxBytes, ref byte[] next)
    {
        if (afterSequence >= 0 && WriteMoreResults(writer, image, after, afterSequence, maxBytes, ref next)) return true;
        for (SessionTable.Cursor cursor = image.SeekSessionsAfter(after); !cursor.IsEnd; cursor.MoveNext())
        {
            ref readonly Session session = ref cursor.Session;
            if (writer.Length > 0 && writer.Length + 96 > maxBytes) return true;
            writer.Byte(SessionHead);
            writer.Client(cursor.Client);
            writer.Varint(session.Floor);
            writer.Varint(Deadline(session.LatestDeadlineMs));
            if (WriteResults(writer, cursor.Client, session.Results, maxBytes, ref next)) return true;
        }

        return false;
    }

    private static bool WriteMoreResults(PayloadWriter writer, Shard image, ClientId client, long afterSequence, int maxBytes, ref byte[] next)
    {
        ref readonly Session session = ref image.FindSession(client);
        if (Unsafe.IsNullRef(in session)) return false;
        ReadOnlySpan<CachedResult> results = session.Results;
        int first = 0;
        while (first < results.Length && results[first].Sequence <= afterSequence) first++;
        writer.Byte(SessionMore);
        writer.Client(client);
        return WriteResults(writer, client, results[first..], maxBytes, ref next);
    }

    private static bool WriteResults(PayloadWriter writer, ClientId client, ReadOnlySpan<CachedResult> results, int maxBytes, ref byte[] next)
    {
        // At least one, or the copy would never get on.
        int count = 0;
        for (long size = writer.Length; count < results.Length; count++)
        {
            size += results[count].MaxEncodedBytes;
            if (count > 0 && size > maxBytes) break;
        }

        writer.Varint((long)count);
        foreach (ref readonly CachedResult result in results[..count])
        {
            writer.Varint(result.Sequence);
            writer.Byte(result.EncodedStatus);
            writer.Varint(result.Version);
            writer.Varint(Deadline(result.DeadlineMs));
            if (result.Body is not null) writer.Bytes(result.Body);
        }

        bool more = count < results.Length;
        var position = new PayloadWriter(32);
        position.Byte(more ? InSession : AfterClient);
        position.Client(client);
        if (more) position.Varint(results[count - 1].Sequence);
        next = position.ToArray();
        return more;
    }

    private static byte[] Position(byte kind, ReadOnlySpan<byte> key, long offset)
    {
        var writer = new PayloadWriter(key.Length + 16);
        writer.Byte(kind);
        writer.Bytes(key);
        if (offset >= 0) writer.Varint(offset);
        return writer.ToArray();
    }

    private static long Deadline(long deadlineMs) => deadlineMs == Session.NoDeadline ? 0 : deadlineMs;
}
