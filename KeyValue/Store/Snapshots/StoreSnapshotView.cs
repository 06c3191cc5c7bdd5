using System.Buffers.Binary;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// A store as it stood, to be written out. Only shards that were ever touched are written. The format, version 3 (<c>u</c> and <c>bytes</c> as in
/// <see cref="KeyValueCodec"/>):
/// <code>
/// snapshot = "QKVS"  version(1 byte)  bytes shard-function-name  u logTime
///            u sweepShard+1  client sweepAfter (only in a sweep)  u nextSweep  moves  u shardCount  shard*  imports  0xE5
/// moves    = 0x00                                                 all shards served at epoch 1, no move ever; then no imports follow
///          | 0x01  u gid  u incarnation  bytes table  hash of the table(16 bytes, big-endian)
/// table    = (u id  bytes slot)*                                  those for which that is not so; slots: HandoffTable
/// imports  = u count  shard*                                      what came so far of shards on their way here
/// shard    = u id  u revision  u keyCount  item*  u sessionCount  session*  seal(16 bytes, big-endian)
/// item     = bytes key  u version  bytes value                    in key order
/// session  = client(16 bytes)  u floor  u latestDeadline  u resultCount  result*         in client order; deadline 0: none
/// result   = u sequence-floor  status(1 byte)  u version  u deadline  [bytes body]       by sequence; with a body: 0x80 is added to the status
/// </code>
/// Earlier versions are still read: 2 has no bodies, 1 neither moves nor imports.
/// </summary>
/// <param name="state">The state, which nobody changes.</param>
/// <param name="shardFunctionName">The cluster's shard function.</param>
/// <param name="self">The group.</param>
internal sealed class StoreSnapshotView(StoreState state, string shardFunctionName, GroupRef self) : ISnapshotView
{
    public const byte Version = 3;
    public const byte EndMark = 0xE5;

    private const int FlushAbove = 64 << 10;

    private StoreState? _state = state;

    public static ReadOnlySpan<byte> Magic => "QKVS"u8;

    /// <inheritdoc/>
    public void Dispose() => _state = null;

    /// <inheritdoc/>
    public void WriteTo(Stream destination, CancellationToken cancellationToken)
    {
        StoreState state = _state ?? throw new ObjectDisposedException(nameof(StoreSnapshotView));
        var writer = new PayloadWriter(2 * FlushAbove);
        bool moves = WriteHeader(writer, state);
        foreach (Shard shard in state.Shards)
        {
            if (!shard.IsUntouched) WriteShard(writer, shard, destination, cancellationToken);
        }

        if (moves) WriteImports(writer, state, destination, cancellationToken);
        writer.Byte(EndMark);
        destination.Write(writer.Written);
    }

    private static void WriteShard(PayloadWriter writer, Shard shard, Stream destination, CancellationToken cancellationToken)
    {
        writer.Varint((long)shard.Id.Value);
        writer.Varint(shard.Revision);
        WriteItems(writer, shard, destination, cancellationToken);
        WriteSessions(writer, shard, destination, cancellationToken);
        BinaryPrimitives.WriteUInt128BigEndian(writer.Reserve(16), shard.Seal);
    }

    private static void WriteImports(PayloadWriter writer, StoreState state, Stream destination, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (ShardSlot slot in state.Slots) count += slot.Import is null ? 0 : 1;
        writer.Varint((long)count);
        foreach (ShardSlot slot in state.Slots)
        {
            if (slot.Import is { } import) WriteShard(writer, import.Shard, destination, cancellationToken);
        }
    }

    private bool WriteMoves(PayloadWriter writer, StoreState state)
    {
        var table = new PayloadWriter();
        var encoder = new HandoffTable();
        for (int i = 0; i < state.Shards.Length; i++)
        {
            if (HandoffTable.IsInitial(state, i)) continue;
            table.Varint((long)i);
            table.Bytes(encoder.Encode(state, i));
        }

        writer.Byte(table.Length == 0 ? (byte)0 : (byte)1);
        if (table.Length == 0) return false;
        writer.Varint((long)self.Gid);
        writer.Varint(self.Incarnation);
        writer.Bytes(table.Written);
        BinaryPrimitives.WriteUInt128BigEndian(writer.Reserve(16), TableHash(self, table.Written));
        return true;
    }

    /// <summary>What protects the table and whose it is.</summary>
    public static UInt128 TableHash(GroupRef self, ReadOnlySpan<byte> table) => StrongHash.OfItem(table, [], self.Gid) + (UInt128)self.Incarnation;

    private bool WriteHeader(PayloadWriter writer, StoreState state)
    {
        writer.Raw(Magic);
        writer.Byte(Version);
        writer.Bytes(System.Text.Encoding.UTF8.GetBytes(shardFunctionName));
        writer.Varint(state.TimeMs);
        writer.Varint((long)state.SweepShard + 1);
        if (state.SweepShard >= 0) writer.Client(state.SweepAfter);
        writer.Varint(state.NextSweepMs);
        bool moves = WriteMoves(writer, state);
        int touched = 0;
        foreach (Shard shard in state.Shards) touched += shard.IsUntouched ? 0 : 1;
        writer.Varint((long)touched);
        return moves;
    }

    private static void WriteItems(PayloadWriter writer, Shard shard, Stream destination, CancellationToken cancellationToken)
    {
        writer.Varint((long)shard.Keys);
        for (CowTree<Item>.Cursor cursor = shard.Seek([], inclusive: true); !cursor.IsEnd; cursor.MoveNext())
        {
            ref readonly Item item = ref cursor.Value;
            writer.Bytes(cursor.Key.Span);
            writer.Varint(item.Version);
            if (item.Length < FlushAbove)
            {
                writer.Bytes(item.Value);
            }
            else
            {
                writer.Varint((long)item.Length);
                Flush(writer, destination, cancellationToken);
                destination.Write(item.Value);
            }

            if (writer.Length > FlushAbove) Flush(writer, destination, cancellationToken);
        }
    }

    private static void WriteSessions(PayloadWriter writer, Shard shard, Stream destination, CancellationToken cancellationToken)
    {
        writer.Varint((long)shard.SessionCount);
        for (SessionTable.Cursor cursor = shard.SeekSessionsAfter(default); !cursor.IsEnd; cursor.MoveNext())
        {
            ref readonly Session session = ref cursor.Session;
            writer.Client(cursor.Client);
            writer.Varint(session.Floor);
            writer.Varint(EncodedDeadline(session.LatestDeadlineMs));
            writer.Varint((long)session.Count);
            foreach (ref readonly CachedResult result in session.Results)
            {
                writer.Varint(result.Sequence - session.Floor);
                writer.Byte(result.EncodedStatus);
                writer.Varint(result.Version);
                writer.Varint(EncodedDeadline(result.DeadlineMs));
                if (result.Body is not null) writer.Bytes(result.Body);
                if (writer.Length > FlushAbove) Flush(writer, destination, cancellationToken);
            }

            if (writer.Length > FlushAbove) Flush(writer, destination, cancellationToken);
        }
    }

    private static long EncodedDeadline(long deadlineMs) => deadlineMs == Session.NoDeadline ? 0 : deadlineMs;

    private static void Flush(PayloadWriter writer, Stream destination, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        destination.Write(writer.Written);
        writer.Clear();
    }
}
