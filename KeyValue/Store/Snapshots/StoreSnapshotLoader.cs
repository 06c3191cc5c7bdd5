using System.Buffers.Binary;
using System.Text;

namespace Quorleans.KeyValue.Store;

/// <summary>Reads what <see cref="StoreSnapshotView"/> wrote, and checks every part of it, the digests last.</summary>
/// <param name="source">The snapshot, and nothing behind it.</param>
/// <param name="shardFunction">The cluster's shard function.</param>
/// <param name="self">The group that shall have the state.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class StoreSnapshotLoader(Stream source, ShardFunction shardFunction, GroupRef self, CancellationToken cancellationToken)
{
    // Not the cluster's limits: those bound what is written from now on, these what a damaged length may cost.
    private const int MaxKeyBytes = 1 << 16;
    private const int MaxValueBytes = 1 << 26;
    private const int MaxTableBytes = 1 << 28;

    private readonly SnapshotReader _reader = new(source, cancellationToken);

    /// <summary>Reads the snapshot.</summary>
    /// <exception cref="InvalidDataException">It is damaged, of a newer format, or of another shard function.</exception>
    public StoreState Load()
    {
        // Version 1 is of clusters with one group, which owns everything.
        var state = new StoreState(shardFunction.ShardCount, ownsAll: true);
        bool moves = LoadHeader(state) >= 2 && LoadMoves(state);
        int touched = (int)_reader.Varint("the number of shards", shardFunction.ShardCount);
        int previous = -1;
        for (int i = 0; i < touched; i++)
        {
            Shard shard = LoadShard(previous);
            previous = shard.Id.Value;
            state.Shards[previous] = shard;
        }

        if (moves) LoadImports(state);
        if (_reader.Byte() != StoreSnapshotView.EndMark) throw _reader.Invalid("the end mark is missing");
        if (!_reader.AtEnd) throw _reader.Invalid("bytes follow the end mark");
        return state;
    }

    private byte LoadHeader(StoreState state)
    {
        Span<byte> magic = stackalloc byte[4];
        _reader.Raw(magic);
        if (!magic.SequenceEqual(StoreSnapshotView.Magic)) throw _reader.Invalid("it does not begin with QKVS");
        byte version = _reader.Byte();
        if (version > StoreSnapshotView.Version)
            throw new InvalidDataException(
                $"The key/value snapshot has format {version}; this program knows up to {StoreSnapshotView.Version}. Upgrade it.");
        if (version == 0) throw _reader.Invalid("its format is 0");
        string name = Encoding.UTF8.GetString(_reader.Bytes("the shard function's name", 256));
        if (name != shardFunction.Name)
            throw new InvalidDataException($"The key/value snapshot is of a cluster with shard function {name}; this one has {shardFunction.Name}.");

        state.TimeMs = _reader.Varint("the log time");
        state.SweepShard = (int)_reader.Varint("the sweep's shard", shardFunction.ShardCount) - 1;
        if (state.SweepShard >= 0) state.SweepAfter = _reader.Client();
        state.NextSweepMs = _reader.Varint("the next sweep's time");
        return version;
    }

    private bool LoadMoves(StoreState state)
    {
        byte any = _reader.Byte();
        if (any > 1) throw _reader.Invalid($"{any} does not tell whether shards moved");
        if (any == 0) return false;
        var group = new GroupRef((int)_reader.Varint("the group's number", int.MaxValue), _reader.Varint("the group's incarnation"));
        byte[] table = _reader.Bytes("the table of moves", MaxTableBytes);
        Span<byte> hash = stackalloc byte[16];
        _reader.Raw(hash);
        if (StoreSnapshotView.TableHash(group, table) != BinaryPrimitives.ReadUInt128BigEndian(hash)) throw _reader.Invalid("the table of moves is damaged");
        if (group != self)
            throw new InvalidDataException($"The key/value snapshot is of {group}; this replica is of {self}.");

        var reader = new PayloadReader(table);
        while (!reader.AtEnd)
        {
            int shard = (int)reader.Varint(shardFunction.ShardCount - 1);
            ReadOnlySpan<byte> slot = reader.Bytes();
            if (reader.Failed || !HandoffTable.TryDecode(state, shard, slot)) throw _reader.Invalid("the table of moves is malformed");
        }

        return true;
    }

    private void LoadImports(StoreState state)
    {
        int expected = 0;
        foreach (ShardSlot slot in state.Slots) expected += slot.Import is null ? 0 : 1;
        int count = (int)_reader.Varint("the number of imports", shardFunction.ShardCount);
        if (count != expected) throw _reader.Invalid($"{count} imports follow, {expected} are under way");
        int previous = -1;
        for (int i = 0; i < count; i++)
        {
            Shard shard = LoadShard(previous);
            previous = shard.Id.Value;
            if (state.Slots[previous].Import is not { } import) throw _reader.Invalid($"shard {previous} is not on its way");
            import.Shard = shard;
        }
    }

    private Shard LoadShard(int previous)
    {
        int id = (int)_reader.Varint("a shard's number", shardFunction.ShardCount - 1);
        if (id <= previous) throw _reader.Invalid("shards are out of order");
        var loader = new Shard.Loader(new ShardId(id), _reader.Varint("a revision"));

        long keys = _reader.Varint("a shard's number of keys", int.MaxValue);
        for (long i = 0; i < keys; i++)
        {
            byte[] key = _reader.Bytes("a key's length", MaxKeyBytes);
            long version = _reader.Varint("a version");
            byte[] value = _reader.Bytes("a value's length", MaxValueBytes);
            if (key.Length == 0) throw _reader.Invalid("a key is empty");
            if (shardFunction.Of(key).Value != id) throw _reader.Invalid($"a key in shard {id} belongs to another");
            if (loader.AddItem(key, value, version) is { } problem) throw _reader.Invalid(problem);
        }

        LoadSessions(loader);
        Span<byte> seal = stackalloc byte[16];
        _reader.Raw(seal);
        Shard shard = loader.Build();
        UInt128 recorded = BinaryPrimitives.ReadUInt128BigEndian(seal);
        if (shard.Seal != recorded) throw _reader.Invalid($"shard {id} adds up to {shard.Seal:x32}, recorded is {recorded:x32}");
        return shard;
    }

    private void LoadSessions(Shard.Loader loader)
    {
        long sessions = _reader.Varint("a shard's number of sessions", int.MaxValue);
        for (long i = 0; i < sessions; i++)
        {
            ClientId client = _reader.Client();
            if (client.IsNone) throw _reader.Invalid("a session has no client");
            long floor = _reader.Varint("a session's floor");
            if (loader.AddSession(client, floor, Deadline("a session's latest deadline")) is { } disorder) throw _reader.Invalid(disorder);
            long results = _reader.Varint("a session's number of results", int.MaxValue);
            for (long j = 0; j < results; j++)
            {
                long sequence = floor + _reader.Varint("a result's sequence", long.MaxValue - floor);
                if (loader.AddResult(LoadResult(sequence)) is { } problem) throw _reader.Invalid(problem);
            }
        }
    }

    private CachedResult LoadResult(long sequence)
    {
        byte status = _reader.Byte();
        if (!CachedResult.IsEncodedStatus(status)) throw _reader.Invalid($"{status} is no result's status");
        long version = _reader.Varint("a result's version");
        long deadline = Deadline("a result's deadline");
        byte[]? body = status >= CachedResult.BodyFlag ? _reader.Bytes("a result's body", CachedResult.MaxBodyBytes) : null;
        return new CachedResult(sequence, version, deadline, (OperationStatus)(status & ~CachedResult.BodyFlag), body);
    }

    private long Deadline(string name)
    {
        long deadline = _reader.Varint(name);
        return deadline == 0 ? Session.NoDeadline : deadline;
    }
}
