using System.Buffers.Binary;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// A store as it stood, to be written out. Only shards that were ever touched are written. The format, version 1 (<c>u</c> and <c>bytes</c> as in
/// <see cref="KeyValueCodec"/>):
/// <code>
/// snapshot = "QKVS"  version(1 byte)  bytes shard-function-name  u logTime
///            u sweepShard+1  client sweepAfter (only in a sweep)  u nextSweep  u shardCount  shard*  0xE5
/// shard    = u id  u revision  u keyCount  item*  u sessionCount  session*  seal(16 bytes, big-endian)
/// item     = bytes key  u version  bytes value                    in key order
/// session  = client(16 bytes)  u floor  u latestDeadline  u resultCount  result*         in client order; deadline 0: none
/// result   = u sequence-floor  status(1 byte)  u version  u deadline                     by sequence
/// </code>
/// </summary>
/// <param name="state">The state, which nobody changes.</param>
/// <param name="shardFunctionName">The cluster's shard function.</param>
internal sealed class StoreSnapshotView(StoreState state, string shardFunctionName) : ISnapshotView
{
    public const byte Version = 1;
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
        WriteHeader(writer, state);
        foreach (Shard shard in state.Shards)
        {
            if (shard.IsUntouched) continue;
            writer.Varint((long)shard.Id.Value);
            writer.Varint(shard.Revision);
            WriteItems(writer, shard, destination, cancellationToken);
            WriteSessions(writer, shard, destination, cancellationToken);
            BinaryPrimitives.WriteUInt128BigEndian(writer.Reserve(16), shard.Seal);
        }

        writer.Byte(EndMark);
        destination.Write(writer.Written);
    }

    private void WriteHeader(PayloadWriter writer, StoreState state)
    {
        writer.Raw(Magic);
        writer.Byte(Version);
        writer.Bytes(System.Text.Encoding.UTF8.GetBytes(shardFunctionName));
        writer.Varint(state.TimeMs);
        writer.Varint((long)state.SweepShard + 1);
        if (state.SweepShard >= 0) writer.Client(state.SweepAfter);
        writer.Varint(state.NextSweepMs);
        int touched = 0;
        foreach (Shard shard in state.Shards) touched += shard.IsUntouched ? 0 : 1;
        writer.Varint((long)touched);
    }

    private static void WriteItems(PayloadWriter writer, Shard shard, Stream destination, CancellationToken cancellationToken)
    {
        writer.Varint((long)shard.Keys);
        for (CowTree<Item>.Cursor cursor = shard.Seek([], inclusive: true); !cursor.IsEnd; cursor.MoveNext())
        {
            ref readonly Item item = ref cursor.Value;
            writer.Bytes(cursor.Key);
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
        for (CowTree<Session>.Cursor cursor = shard.SeekSessions(); !cursor.IsEnd; cursor.MoveNext())
        {
            Session session = cursor.Value;
            writer.Client(session.Client);
            writer.Varint(session.Floor);
            writer.Varint(EncodedDeadline(session.LatestDeadlineMs));
            writer.Varint((long)session.Count);
            foreach (ref readonly CachedResult result in session.Results)
            {
                writer.Varint(result.Sequence - session.Floor);
                writer.Byte((byte)result.Status);
                writer.Varint(result.Version);
                writer.Varint(EncodedDeadline(result.DeadlineMs));
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
