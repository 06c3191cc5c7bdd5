namespace Quorleans.KeyValue;

/// <summary>How far a destination has come with a move. The numbers stand in messages.</summary>
public enum ImportStage : byte
{
    /// <summary>Nothing of it is here.</summary>
    None = 0,

    /// <summary>The copy is under way.</summary>
    Copying = 1,

    /// <summary>The copy is complete; operations follow.</summary>
    CatchingUp = 2,

    /// <summary>What came was wrong and is thrown away: the source must begin a new attempt.</summary>
    Failed = 3,
}

/// <summary>
/// What the destination of a move asks the source for, as a query: <i>this is what I have, what is next?</i> The answer is a
/// <see cref="PullAnswer"/>. Layout, version 1 (<c>move</c> as in <see cref="HandoffCommand"/>):
/// <code>
/// request = 0x12  version(1 byte)  move  stage(1 byte)  u attempt  u start  u next  bytes position
/// </code>
/// </summary>
public readonly record struct PullRequest
{
    /// <summary>The move.</summary>
    public required ShardMove Move { get; init; }

    /// <summary>How far the destination is.</summary>
    public ImportStage Stage { get; init; }

    /// <summary>The attempt that it has something of; 0: of none.</summary>
    public int Attempt { get; init; }

    /// <summary>That attempt's start.</summary>
    public long Start { get; init; }

    /// <summary>Copying: the number of the next chunk. CatchingUp: how many operations since the start it has.</summary>
    public long Next { get; init; }

    /// <summary>Copying: where the next chunk starts, as the source said with the one before; empty for the first.</summary>
    public ReadOnlyMemory<byte> Position { get; init; }

    /// <summary>Encodes it.</summary>
    public byte[] ToArray()
    {
        var writer = new PayloadWriter(64 + Position.Length);
        writer.Byte(KeyValueCodec.HandoffRequest);
        writer.Byte(KeyValueCodec.FirstVersion);
        HandoffCodec.Write(writer, Move);
        writer.Byte((byte)Stage);
        writer.Varint((long)Attempt);
        writer.Varint(Start);
        writer.Varint(Next);
        writer.Bytes(Position.Span);
        return writer.ToArray();
    }

    /// <summary>Reads what <see cref="ToArray"/> wrote; the position is a slice of it.</summary>
    /// <param name="payload">The encoded request.</param>
    /// <param name="request">The request.</param>
    /// <returns>What is wrong with it.</returns>
    public static ValidationError Read(ReadOnlyMemory<byte> payload, out PullRequest request)
    {
        request = default;
        var reader = new PayloadReader(payload.Span);
        ValidationError error = KeyValueCodec.CheckHeader(ref reader, KeyValueCodec.HandoffRequest, "hand-off request");
        if (error.IsError) return error;
        ShardMove move = HandoffCodec.ReadMove(ref reader);
        var stage = (ImportStage)reader.Byte();
        request = new PullRequest
        {
            Move = move, Stage = stage, Attempt = (int)reader.Varint(int.MaxValue), Start = reader.Varint(), Next = reader.Varint(),
        };
        int length = reader.Bytes().Length;
        if (!reader.AtEnd || stage > ImportStage.Failed)
            return KeyValueCodec.Malformed("The hand-off request ends too early or too late, or a number is out of range.");
        request = request with { Position = payload.Slice(reader.Position - length, length) };
        return default;
    }
}
