using System.Buffers.Binary;

namespace Quorleans.KeyValue;

/// <summary>
/// A hand-off step as a log entry's payload, version 1 (<c>u</c> and <c>bytes</c> as in <see cref="KeyValueCodec"/>):
/// <code>
/// command = 0x10  version(1 byte)  kind(1 byte)  move  fields
/// move    = u id  u shard  u fromGid  u fromIncarnation  u toGid  u toIncarnation  u epoch (1..)
/// fields  = u attempt (1..)                                                                    ExportBegin, Freeze
///         | u attempt  u start  u revision                                                     ImportBegin
///         | u attempt  u start  u number  last(1 byte: 0, 1)  bytes next-position  content     ImportChunk
///         | u attempt  u start  u from  u to  content                                          ImportDelta
///         | u attempt  u start  u from  u to  u freezeIndex  u timeMs  seal(16, big-endian)  content       Activate
///         | nothing                                                   ExportAbort, Release, ImportCancel, ActivateEmpty
/// </code>
/// What the contents look like is the store's own affair. A span of deltas <c>from..to</c> counts the shard's operations since the copy's start.
/// </summary>
public ref struct HandoffCommand
{
    /// <summary>Which step.</summary>
    public HandoffKind Kind { get; set; }

    /// <summary>Of which move.</summary>
    public ShardMove Move { get; set; }

    /// <summary>The source's attempt at copying, from 1 on.</summary>
    public int Attempt { get; set; }

    /// <summary>The index in the source's log at which the attempt's copy was taken.</summary>
    public long Start { get; set; }

    /// <summary>ImportBegin: the shard's revision in the copy.</summary>
    public long Revision { get; set; }

    /// <summary>ImportChunk: its number, from 0 on.</summary>
    public long Number { get; set; }

    /// <summary>ImportChunk: whether it is the copy's last.</summary>
    public bool IsLast { get; set; }

    /// <summary>ImportChunk: where the next one starts, for the source to read.</summary>
    public ReadOnlySpan<byte> Position { get; set; }

    /// <summary>Operations before the first one here, since the copy's start.</summary>
    public long From { get; set; }

    /// <summary>Operations up to the last one here, since the copy's start.</summary>
    public long To { get; set; }

    /// <summary>Activate: the index of the freeze in the source's log.</summary>
    public long FreezeIndex { get; set; }

    /// <summary>Activate: the source's log time at the freeze, in milliseconds; the entry must not be earlier.</summary>
    public long TimeMs { get; set; }

    /// <summary>Activate: the shard's digest at the freeze.</summary>
    public UInt128 Seal { get; set; }

    /// <summary>A piece of the copy, or operations.</summary>
    public ReadOnlySpan<byte> Content { get; set; }

    /// <summary>Encodes it.</summary>
    public readonly byte[] ToArray() => Encode().ToArray();

    /// <summary>Encodes it without a copy of the content more than is needed.</summary>
    public readonly ReadOnlyMemory<byte> Encode()
    {
        var writer = new PayloadWriter(96 + Position.Length + Content.Length);
        writer.Byte(KeyValueCodec.HandoffCommand);
        writer.Byte(KeyValueCodec.FirstVersion);
        writer.Byte((byte)Kind);
        HandoffCodec.Write(writer, Move);
        if (HasAttempt(Kind)) writer.Varint((long)Attempt);
        if (Kind is >= HandoffKind.ImportBegin and <= HandoffKind.Activate) writer.Varint(Start);
        switch (Kind)
        {
            case HandoffKind.ImportBegin:
                writer.Varint(Revision);
                break;
            case HandoffKind.ImportChunk:
                writer.Varint(Number);
                writer.Byte(IsLast ? (byte)1 : (byte)0);
                writer.Bytes(Position);
                break;
            case HandoffKind.ImportDelta or HandoffKind.Activate:
                writer.Varint(From);
                writer.Varint(To);
                break;
        }

        if (Kind == HandoffKind.Activate)
        {
            writer.Varint(FreezeIndex);
            writer.Varint(TimeMs);
            BinaryPrimitives.WriteUInt128BigEndian(writer.Reserve(16), Seal);
        }

        writer.Raw(Content);
        return writer.Detach();
    }

    /// <summary>Reads what <see cref="ToArray"/> wrote; position and content are slices of it.</summary>
    /// <param name="payload">The encoded command.</param>
    /// <param name="command">The command.</param>
    /// <returns>What is wrong with it.</returns>
    public static ValidationError Read(ReadOnlySpan<byte> payload, out HandoffCommand command)
    {
        command = default;
        var reader = new PayloadReader(payload);
        ValidationError error = KeyValueCodec.CheckHeader(ref reader, KeyValueCodec.HandoffCommand, "hand-off command");
        if (error.IsError) return error;
        command.Kind = (HandoffKind)reader.Byte();
        if (command.Kind is HandoffKind.None or > HandoffKind.ActivateEmpty)
            return KeyValueCodec.Malformed($"{(byte)command.Kind} is no kind of hand-off command.");
        command.Move = HandoffCodec.ReadMove(ref reader);
        bool ok = true;
        if (HasAttempt(command.Kind)) ok = (command.Attempt = (int)reader.Varint(int.MaxValue)) > 0;
        if (command.Kind is >= HandoffKind.ImportBegin and <= HandoffKind.Activate) command.Start = reader.Varint();
        switch (command.Kind)
        {
            case HandoffKind.ImportBegin:
                command.Revision = reader.Varint();
                break;
            case HandoffKind.ImportChunk:
                command.Number = reader.Varint();
                byte last = reader.Byte();
                ok &= last <= 1;
                command.IsLast = last == 1;
                command.Position = reader.Bytes();
                break;
            case HandoffKind.ImportDelta or HandoffKind.Activate:
                command.From = reader.Varint();
                command.To = reader.Varint();
                ok &= command.To >= command.From;
                break;
        }

        if (command.Kind == HandoffKind.Activate)
        {
            command.FreezeIndex = reader.Varint();
            command.TimeMs = reader.Varint();
            ReadOnlySpan<byte> seal = reader.Raw(16);
            command.Seal = seal.IsEmpty ? default : BinaryPrimitives.ReadUInt128BigEndian(seal);
        }

        if (HasContent(command.Kind)) command.Content = reader.Raw(reader.Remaining);
        return ok && reader.AtEnd
            ? default
            : KeyValueCodec.Malformed($"The hand-off command {command.Kind} is malformed: it ends too early or too late, or a number is out of range.");
    }

    private static bool HasAttempt(HandoffKind kind) =>
        kind is HandoffKind.ExportBegin or HandoffKind.Freeze or (>= HandoffKind.ImportBegin and <= HandoffKind.Activate);

    private static bool HasContent(HandoffKind kind) => kind is HandoffKind.ImportChunk or HandoffKind.ImportDelta or HandoffKind.Activate;
}
