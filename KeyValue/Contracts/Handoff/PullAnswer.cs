using System.Buffers.Binary;

namespace Quorleans.KeyValue;

/// <summary>What a source answers to a <see cref="PullRequest"/>. The numbers stand in messages.</summary>
public enum PullKind : byte
{
    /// <summary>No answer; never encoded.</summary>
    None = 0,

    /// <summary>Another group, or another incarnation of it, than the move's source.</summary>
    WrongGroup = 1,

    /// <summary>The source's log has nothing of the move yet.</summary>
    NotBegun = 2,

    /// <summary>Begin with this attempt, start and revision; what is of another attempt is to be thrown away.</summary>
    Begin = 3,

    /// <summary>The next chunk.</summary>
    Chunk = 4,

    /// <summary>The next operations, if any; more may follow.</summary>
    Delta = 5,

    /// <summary>The shard is frozen, and these are the last operations: activate.</summary>
    Frozen = 6,

    /// <summary>The source cannot go on with this attempt: it will begin the next one.</summary>
    NoView = 7,

    /// <summary>The source's log has aborted the move, or it ended long ago: drop what there is of it.</summary>
    Aborted = 8,

    /// <summary>The source has released the shard: the destination serves it already.</summary>
    Released = 9,
}

/// <summary>
/// What a source answers to a <see cref="PullRequest"/>; position and content are slices of the encoding. Layout, version 1:
/// <code>
/// answer = 0x13  version(1 byte)  kind(1 byte)  u move-id  u shard  u attempt  u start  fields
/// fields = u revision                                                             Begin
///        | u number  last(1 byte: 0, 1)  bytes next-position  content             Chunk
///        | u from  u to  content                                                  Delta
///        | u from  u to  u freezeIndex  u timeMs  seal(16, big-endian)  content   Frozen
///        | nothing                                                                others
/// </code>
/// </summary>
public readonly record struct PullAnswer
{
    /// <summary>What it is.</summary>
    public required PullKind Kind { get; init; }

    /// <summary>The move's id.</summary>
    public required long Move { get; init; }

    /// <summary>The shard: one entry of the controller may plan moves of several, all with its index as their id.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The source's attempt; 0 where it says nothing.</summary>
    public int Attempt { get; init; }

    /// <summary>See <see cref="HandoffCommand.Start"/>.</summary>
    public long Start { get; init; }

    /// <summary>See <see cref="HandoffCommand.Revision"/>.</summary>
    public long Revision { get; init; }

    /// <summary>See <see cref="HandoffCommand.Number"/>.</summary>
    public long Number { get; init; }

    /// <summary>See <see cref="HandoffCommand.IsLast"/>.</summary>
    public bool IsLast { get; init; }

    /// <summary>See <see cref="HandoffCommand.Position"/>.</summary>
    public ReadOnlyMemory<byte> Position { get; init; }

    /// <summary>See <see cref="HandoffCommand.From"/>.</summary>
    public long From { get; init; }

    /// <summary>See <see cref="HandoffCommand.To"/>.</summary>
    public long To { get; init; }

    /// <summary>See <see cref="HandoffCommand.FreezeIndex"/>.</summary>
    public long FreezeIndex { get; init; }

    /// <summary>See <see cref="HandoffCommand.TimeMs"/>.</summary>
    public long TimeMs { get; init; }

    /// <summary>See <see cref="HandoffCommand.Seal"/>.</summary>
    public UInt128 Seal { get; init; }

    /// <summary>See <see cref="HandoffCommand.Content"/>.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Encodes it.</summary>
    public byte[] ToArray() => Encode().ToArray();

    /// <summary>Encodes it without a copy of the content more than is needed.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        var writer = new PayloadWriter(96 + Position.Length + Content.Length);
        writer.Byte(KeyValueCodec.HandoffAnswer);
        writer.Byte(KeyValueCodec.FirstVersion);
        writer.Byte((byte)Kind);
        writer.Varint(Move);
        writer.Varint((long)Shard.Value);
        writer.Varint((long)Attempt);
        writer.Varint(Start);
        switch (Kind)
        {
            case PullKind.Begin:
                writer.Varint(Revision);
                break;
            case PullKind.Chunk:
                writer.Varint(Number);
                writer.Byte(IsLast ? (byte)1 : (byte)0);
                writer.Bytes(Position.Span);
                break;
            case PullKind.Delta or PullKind.Frozen:
                writer.Varint(From);
                writer.Varint(To);
                break;
        }

        if (Kind == PullKind.Frozen)
        {
            writer.Varint(FreezeIndex);
            writer.Varint(TimeMs);
            BinaryPrimitives.WriteUInt128BigEndian(writer.Reserve(16), Seal);
        }

        writer.Raw(Content.Span);
        return writer.Detach();
    }

    /// <summary>Reads what <see cref="ToArray"/> wrote.</summary>
    /// <param name="payload">The encoded answer.</param>
    /// <param name="answer">The answer.</param>
    /// <returns>What is wrong with it.</returns>
    public static ValidationError Read(ReadOnlyMemory<byte> payload, out PullAnswer answer)
    {
        answer = default;
        var reader = new PayloadReader(payload.Span);
        ValidationError error = KeyValueCodec.CheckHeader(ref reader, KeyValueCodec.HandoffAnswer, "hand-off answer");
        if (error.IsError) return error;
        var kind = (PullKind)reader.Byte();
        answer = new PullAnswer { Kind = kind, Move = reader.Varint(), Shard = new ShardId((int)reader.Varint(ShardFunction.MaxShards - 1)), Attempt = (int)reader.Varint(int.MaxValue), Start = reader.Varint() };
        bool ok = kind is > PullKind.None and <= PullKind.Released;
        switch (kind)
        {
            case PullKind.Begin:
                answer = answer with { Revision = reader.Varint() };
                break;
            case PullKind.Chunk:
                long number = reader.Varint();
                byte last = reader.Byte();
                ok &= last <= 1;
                int length = reader.Bytes().Length;
                if (!reader.Failed)
                    answer = answer with { Number = number, IsLast = last == 1, Position = payload.Slice(reader.Position - length, length) };
                break;
            case PullKind.Delta or PullKind.Frozen:
                answer = answer with { From = reader.Varint(), To = reader.Varint() };
                ok &= answer.To >= answer.From;
                break;
        }

        if (kind == PullKind.Frozen)
        {
            answer = answer with { FreezeIndex = reader.Varint(), TimeMs = reader.Varint() };
            ReadOnlySpan<byte> seal = reader.Raw(16);
            if (!seal.IsEmpty) answer = answer with { Seal = BinaryPrimitives.ReadUInt128BigEndian(seal) };
        }

        if (kind is PullKind.Chunk or PullKind.Delta or PullKind.Frozen)
        {
            if (!reader.Failed) answer = answer with { Content = payload[reader.Position..] };
            reader.Raw(reader.Remaining);
        }

        return ok && reader.AtEnd
            ? default
            : KeyValueCodec.Malformed("The hand-off answer ends too early or too late, or a number is out of range.");
    }
}
