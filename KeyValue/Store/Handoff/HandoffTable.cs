namespace Quorleans.KeyValue.Store;

/// <summary>
/// What was decided about the shards' moves, as bytes: for snapshots, and for the digest. <c>u</c> and <c>bytes</c> as in <see cref="KeyValueCodec"/>.
/// <code>
/// slot   = phase(1 byte)  u epoch  u move-id  u fromGid  u fromIncarnation  u toGid  u toIncarnation  u move-epoch  aborted(1 byte: 0, 1)
///          u attempt  u start  u freezeIndex  u freezeTime  u ownerGid  u ownerIncarnation  u ownerEpoch  u failures  import
/// import = 0x00 | 0x01  u nextChunk  bytes position  copied(1 byte: 0, 1)  u through  part
/// part   = 0x00 | 0x01  bytes key  u version  u length  bytes value-part
/// </code>
/// </summary>
internal sealed class HandoffTable
{
    private readonly PayloadWriter _writer = new();

    /// <summary>Whether a shard is as it is in a new cluster's first group.</summary>
    public static bool IsInitial(StoreState state, int shard)
    {
        ShardSlot slot = state.Slots[shard];
        return state.Phases[shard] == ShardPhase.Serving && slot.Epoch == 1 && slot.Move.Id == 0;
    }

    /// <summary>Encodes one shard's slot; valid until the next call.</summary>
    public ReadOnlySpan<byte> Encode(StoreState state, int shard)
    {
        ShardSlot slot = state.Slots[shard];
        _writer.Clear();
        _writer.Byte((byte)state.Phases[shard]);
        _writer.Varint(slot.Epoch);
        _writer.Varint(slot.Move.Id);
        Group(slot.Move.From);
        Group(slot.Move.To);
        _writer.Varint(slot.Move.Epoch);
        _writer.Byte(slot.Aborted ? (byte)1 : (byte)0);
        _writer.Varint((long)slot.Attempt);
        _writer.Varint(slot.Start);
        _writer.Varint(slot.FreezeIndex);
        _writer.Varint(slot.FreezeTimeMs);
        Group(slot.Owner);
        _writer.Varint(slot.OwnerEpoch);
        _writer.Varint((long)slot.Failures);
        Import(slot.Import);
        return _writer.Written;
    }

    /// <summary>Reads a slot.</summary>
    /// <param name="state">Where it goes.</param>
    /// <param name="shard">Which shard.</param>
    /// <param name="encoded">What <see cref="Encode"/> wrote.</param>
    /// <returns>False when it is malformed.</returns>
    public static bool TryDecode(StoreState state, int shard, ReadOnlySpan<byte> encoded)
    {
        var reader = new PayloadReader(encoded);
        var phase = (ShardPhase)reader.Byte();
        var slot = new ShardSlot { Epoch = reader.Varint() };
        long id = reader.Varint();
        slot.Move = new ShardMove(id, new ShardId(id == 0 ? 0 : shard), Group(ref reader), Group(ref reader), reader.Varint());
        slot.Aborted = reader.Byte() != 0;
        slot.Attempt = (int)reader.Varint(int.MaxValue);
        slot.Start = reader.Varint();
        slot.FreezeIndex = reader.Varint();
        slot.FreezeTimeMs = reader.Varint();
        slot.Owner = Group(ref reader);
        slot.OwnerEpoch = reader.Varint();
        slot.Failures = (int)reader.Varint(int.MaxValue);
        bool ok = TryReadImport(slot, shard, ref reader) && reader.AtEnd && phase <= ShardPhase.Released;
        if (!ok || (slot.Import is not null && phase != ShardPhase.Importing)) return false;
        state.Slots[shard] = slot;
        state.Phases[shard] = phase;
        return true;
    }

    private void Import(ShardImport? import)
    {
        _writer.Byte(import is null ? (byte)0 : (byte)1);
        if (import is null) return;
        _writer.Varint(import.NextChunk);
        _writer.Bytes(import.Position);
        _writer.Byte(import.IsCopied ? (byte)1 : (byte)0);
        _writer.Varint(import.Through);
        _writer.Byte(import.PartKey is null ? (byte)0 : (byte)1);
        if (import.PartKey is null) return;
        _writer.Bytes(import.PartKey);
        _writer.Varint(import.PartVersion);
        _writer.Varint((long)import.PartValue.Length);
        _writer.Bytes(import.PartValue.AsSpan(0, import.PartLength));
    }

    private static bool TryReadImport(ShardSlot slot, int shard, ref PayloadReader reader)
    {
        if (reader.Byte() == 0) return !reader.Failed;
        // The shard itself follows elsewhere in the snapshot.
        var import = new ShardImport(new Shard(new ShardId(shard)))
        {
            NextChunk = reader.Varint(), Position = reader.Bytes().ToArray(), IsCopied = reader.Byte() != 0, Through = reader.Varint(),
        };
        slot.Import = import;
        if (reader.Byte() == 0) return !reader.Failed;
        import.PartKey = reader.Bytes().ToArray();
        import.PartVersion = reader.Varint();
        int length = (int)reader.Varint(ShardHandoff.MaxValueBytes);
        ReadOnlySpan<byte> part = reader.Bytes();
        if (reader.Failed || part.Length > length) return false;
        import.PartValue = new byte[length];
        part.CopyTo(import.PartValue);
        import.PartLength = part.Length;
        return true;
    }

    private void Group(GroupRef group)
    {
        _writer.Varint((long)group.Gid);
        _writer.Varint(group.Incarnation);
    }

    private static GroupRef Group(ref PayloadReader reader) => new((int)reader.Varint(int.MaxValue), reader.Varint());
}
