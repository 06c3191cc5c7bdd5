using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// One shard: its data, its sessions, its revision counter and the digest of all that. It is what snapshots hold and what moves between
/// groups.
/// </summary>
internal sealed partial class Shard
{
    private readonly CowTree<Item> _data;

    /// <summary>
    /// The revision when the data was cloned last. A value written after it lies in a buffer that no clone has seen, which may be written
    /// again in place; any other may be shared with a clone and is never written again.
    /// </summary>
    private long _sharedRevision;

    /// <summary>Creates an empty shard.</summary>
    public Shard(ShardId id)
        : this(id, new CowTree<Item>(ItemPages.Tidy), new SessionTable())
    {
    }

    private Shard(ShardId id, CowTree<Item> data, SessionTable sessions)
    {
        Id = id;
        _data = data;
        _sessions = sessions;
    }

    /// <summary>Which shard.</summary>
    public ShardId Id { get; }

    /// <summary>The source of versions: counts the shard's writes, and never goes back.</summary>
    public long Revision { get; private set; }

    /// <summary>Keys that have a value.</summary>
    public int Keys => _data.Count;

    /// <summary>Bytes of all keys and values.</summary>
    public long Bytes { get; private set; }

    /// <summary>The sum of <see cref="StrongHash"/> over all keys with value and version, all sessions and all their results.</summary>
    public UInt128 Digest { get; private set; }

    /// <summary>What two equal shards must agree on: the digest with the shard's number and revision.</summary>
    public UInt128 Seal => StrongHash.OfShard(Id.Value, Revision, Digest);

    /// <summary>Whether a snapshot may leave it out. A shard that ever had a key may not: its versions must never be used again.</summary>
    public bool IsUntouched => Revision == 0 && _data.Count == 0 && _sessions.Count == 0;

    /// <summary>The shard as it stands, which later changes of this one do not touch; constant time. The clone is for reading.</summary>
    public Shard Clone()
    {
        _sharedRevision = Revision;
        return new Shard(Id, _data.Clone(), _sessions.Clone())
        {
            Revision = Revision, Bytes = Bytes, Digest = Digest, Results = Results, _sharedRevision = Revision,
        };
    }

    /// <summary>Looks a key up.</summary>
    /// <returns>The item, or a null reference. Valid until the next change.</returns>
    public ref readonly Item Find(ReadOnlySpan<byte> key) => ref _data.Find(key);

    /// <summary>Starts reading the data in key order; see <see cref="CowTree{TValue}.Seek"/>.</summary>
    public CowTree<Item>.Cursor Seek(ReadOnlySpan<byte> key, bool inclusive) => _data.Seek(key, inclusive);

    private CachedResult Execute(in WriteOperationView operation, int maxValueBytes)
    {
        switch (operation.Kind)
        {
            case OperationKind.Put:
                return Done(OperationStatus.Ok, Set(operation.Key, operation.Value));
            case OperationKind.Append:
                return Append(operation.Key, operation.Value, maxValueBytes);
            case OperationKind.Delete:
                return Done(Delete(operation.Key) ? OperationStatus.Ok : OperationStatus.NotFound, 0);
            default:
                ref readonly Item item = ref _data.Find(operation.Key);
                long version = Unsafe.IsNullRef(in item) ? 0 : item.Version;
                return version == operation.ExpectedVersion
                    ? Done(OperationStatus.Ok, Set(operation.Key, operation.Value))
                    : Done(OperationStatus.CompareFailed, version);
        }
    }

    private long Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ref Item item = ref _data.GetOrAdd(key, out bool exists);
        if (exists) Forget(key, item);
        bool reuse = exists && item.Version > _sharedRevision && !item.IsPaged && Fits(value.Length, item.Buffer.Length);
        if (reuse) value.CopyTo(item.Buffer);
        else item.Buffer = value.ToArray();
        item.Offset = 0;
        item.Length = value.Length;
        return Written(key, ref item);
    }

    private CachedResult Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, int maxValueBytes)
    {
        ref Item item = ref _data.FindForUpdate(key);
        if (Unsafe.IsNullRef(in item)) return Done(OperationStatus.Ok, Set(key, value));

        long sum = (long)item.Length + value.Length;
        if (sum > maxValueBytes) return Done(OperationStatus.ValueTooLarge, item.Version);
        Forget(key, item);
        bool mine = item.Version > _sharedRevision && !item.IsPaged;
        if (!mine || sum > item.Buffer.Length)
        {
            var buffer = new byte[Math.Min(maxValueBytes, sum + sum / 2)];
            item.Value.CopyTo(buffer);
            item.Buffer = buffer;
            item.Offset = 0;
        }

        value.CopyTo(item.Buffer.AsSpan(item.Length));
        item.Length = (int)sum;
        return Done(OperationStatus.Ok, Written(key, ref item));
    }

    private bool Delete(ReadOnlySpan<byte> key)
    {
        ref readonly Item item = ref _data.Find(key);
        if (Unsafe.IsNullRef(in item)) return false;
        Forget(key, item);
        Bytes -= key.Length;
        _data.Remove(key);
        Revision++;
        return true;
    }

    private void Forget(ReadOnlySpan<byte> key, in Item item)
    {
        Digest -= StrongHash.OfItem(key, item.Value, item.Version);
        Bytes -= item.Length;
    }

    private long Written(ReadOnlySpan<byte> key, ref Item item)
    {
        bool isNew = item.Version == 0;
        item.Version = ++Revision;
        Bytes += item.Length + (isNew ? key.Length : 0);
        Digest += StrongHash.OfItem(key, item.Value, item.Version);
        return item.Version;
    }

    /// <summary>A buffer is used again for a value that fits and does not leave most of it empty.</summary>
    private static bool Fits(int length, int capacity) => length <= capacity && length >= capacity / 2;

    private static CachedResult Done(OperationStatus status, long version) => new(0, version, 0, status);
}
