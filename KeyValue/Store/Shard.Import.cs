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

    /// <summary>Adds a session of the copy, without its results.</summary>
    /// <returns>False when the client has one already.</returns>
    public bool TryImportSession(ClientId client, long floor, long latestDeadlineMs)
    {
        Span<byte> key = stackalloc byte[ClientId.Size];
        client.Write(key);
        ref Session session = ref _sessions.GetOrAdd(key, out bool exists);
        if (exists) return false;
        session = new Session(_sessionOwner, client, floor);
        session.RestoreLatestDeadline(latestDeadlineMs);
        Digest += session.Hash;
        return true;
    }

    /// <summary>Adds a result of the copy to its client's session.</summary>
    /// <returns>False when there is no session, or the result is not behind its others.</returns>
    public bool TryImportResult(ClientId client, in CachedResult result)
    {
        if (FindOwned(client) is not { } session) return false;
        long last = session.Count == 0 ? session.Floor : session.Results[^1].Sequence;
        if (result.Sequence <= last || result.DeadlineMs > session.LatestDeadlineMs) return false;
        session.Add(result);
        Digest += StrongHash.OfResult(client, result);
        Results++;
        return true;
    }

    /// <summary>Looks a client's session up, for reading.</summary>
    public Session? FindSession(ClientId client)
    {
        Span<byte> key = stackalloc byte[ClientId.Size];
        client.Write(key);
        ref readonly Session session = ref _sessions.Find(key);
        return Unsafe.IsNullRef(in session) ? null : session;
    }

    /// <summary>Starts reading the sessions behind a client; all when there is none.</summary>
    public CowTree<Session>.Cursor SeekSessionsAfter(ClientId client)
    {
        Span<byte> key = stackalloc byte[ClientId.Size];
        client.Write(key);
        return _sessions.Seek(key, inclusive: false);
    }
}
