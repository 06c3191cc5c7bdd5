namespace Quorleans.KeyValue;

/// <summary>Parts that several hand-off messages share.</summary>
internal static class HandoffCodec
{
    public static void Write(PayloadWriter writer, in ShardMove move)
    {
        writer.Varint(move.Id);
        writer.Varint((long)move.Shard.Value);
        writer.Varint((long)move.From.Gid);
        writer.Varint(move.From.Incarnation);
        writer.Varint((long)move.To.Gid);
        writer.Varint(move.To.Incarnation);
        writer.Varint(move.Epoch);
    }

    public static ShardMove ReadMove(ref PayloadReader reader) => new(
        reader.Varint(),
        new ShardId((int)reader.Varint(int.MaxValue)),
        new GroupRef((int)reader.Varint(int.MaxValue), reader.Varint()),
        new GroupRef((int)reader.Varint(int.MaxValue), reader.Varint()),
        reader.Varint());
}
