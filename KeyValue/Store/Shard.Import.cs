using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

internal sealed partial class Shard
{
    /// <summary>Creates a shard to be filled from another group's copy.</summary>
    /// <param name="id">Which shard.</param>
    /// <param name="revision">The copy's revision: the operations that follow go on from it.</param>
    public static Shard ForImport(ShardId id, long revision) => new(id) { Revision = revision };

    /// <summary>Adds a key of the copy.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="value">Its value; kept.</param>
    /// <param name="version">Its version.</param>
    /// <returns>False when the key is here already, or the version is above the copy's revision.</returns>
    public bool TryImport(ReadOnlySpan<byte> key, byte[] value, long version)
    {
        if (version < 1 || version > Revision) return false;
        ref Item item = ref _data.GetOrAdd(key, out bool exists);
        if (exists) return false;
        item = new Item { Buffer = value, Length = value.Length, Version = version };
        Bytes += key.Length + value.Length;
        Digest += StrongHash.OfItem(key, value, version);
        return true;
    }

    /// <summary>Adds keys of the copy that follow each other, as many as a leaf still takes; behind all others they share a page (<see cref="ItemPages"/>).</summary>
    /// <param name="reader">Stands behind the first one's kind; then, behind the last one.</param>
    /// <param name="shards">The shard function.</param>
    /// <returns>False when one of them cannot be added.</returns>
    public bool TryImport(ref PayloadReader reader, ShardFunction shards)
    {
        int count = 0, bytes = 0;
        PayloadReader ahead = reader;
        for (int room = _data.AppendRoom; count < room && bytes < ItemPages.EnoughBytes; count++)
        {
            if (count > 0 && ahead.Byte() != ShardChunk.Item) break;
            int length = ahead.Bytes().Length;
            ahead.Varint();
            int valueLength = ahead.Bytes().Length;
            if (ahead.Failed) break;
            bytes += length + (valueLength > ItemPages.LongestValue ? 0 : valueLength);
        }

        // Where nothing is moved: a page outlives many collections, and each of the young ones would copy it.
        byte[] page = GC.AllocateUninitializedArray<byte>(bytes, pinned: bytes >= ItemPages.SettledBytes);
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            if (i > 0) reader.Byte();
            ReadOnlySpan<byte> key = reader.Bytes();
            long version = reader.Varint();
            ReadOnlySpan<byte> value = reader.Bytes();
            if (key.IsEmpty || shards.Of(key) != Id || !TryImport(page, ref position, key, value, version)) return false;
        }

        return count > 0;
    }

    private bool TryImport(byte[] page, ref int position, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long version)
    {
        if (version < 1 || version > Revision) return false;
        ref Item item = ref _data.Append(ItemPages.Put(page, key, ref position));
        if (Unsafe.IsNullRef(in item)) return TryImport(key, value.ToArray(), version);
        bool isLong = value.Length > ItemPages.LongestValue;
        item = new Item { Buffer = isLong ? value.ToArray() : page, Offset = isLong ? 0 : position, Length = value.Length, Version = version };
        if (!isLong) ItemPages.Put(page, value, ref position);
        Bytes += key.Length + value.Length;
        Digest += StrongHash.OfItem(key, value, version);
        return true;
    }

    /// <summary>Adds a session of the copy, without its results.</summary>
    /// <returns>False when the client has one already.</returns>
    public bool TryImportSession(ClientId client, long floor, long latestDeadlineMs)
    {
        ref Session session = ref _sessions.GetOrAdd(client, out bool exists);
        if (exists) return false;
        session = new Session(floor, latestDeadlineMs);
        Digest += session.Hash(client);
        return true;
    }

    /// <summary>Adds a result of the copy to its client's session.</summary>
    /// <returns>False when there is no session, or the result is not behind its others.</returns>
    public bool TryImportResult(ClientId client, in CachedResult result)
    {
        ref Session session = ref _sessions.FindForUpdate(client);
        if (Unsafe.IsNullRef(in session)) return false;
        long last = session.Count == 0 ? session.Floor : session.Results[^1].Sequence;
        if (result.Sequence <= last || result.DeadlineMs > session.LatestDeadlineMs) return false;
        session.Add(_sessions.Owner, result);
        Digest += StrongHash.OfResult(client, result);
        Results++;
        return true;
    }
}
