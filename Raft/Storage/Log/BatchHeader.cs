using System.Buffers.Binary;

namespace Quorleans.Raft.Storage;

/// <summary>What a batch is. The numbers stand in log files.</summary>
internal enum BatchKind : byte
{
    /// <summary>Records of groups.</summary>
    Data = 1,

    /// <summary>The first of a segment: states all groups as of just before the data batch of the same sequence, with which it is synced.</summary>
    Opening = 2,

    /// <summary>Empty: only says that the batch before it is durable.</summary>
    Seal = 3,
}

/// <summary>What every checksum of a log starts from: the log's own, so that no other bytes pass.</summary>
internal readonly record struct LogSalt(ulong Value, uint Seed)
{
    internal static LogSalt From(Guid nodeId)
    {
        Span<byte> bytes = stackalloc byte[16];
        nodeId.TryWriteBytes(bytes);
        return new LogSalt(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            Crc32C.Append(uint.MaxValue, bytes));
    }
}

/// <summary>What a page tells about itself.</summary>
internal enum HeaderReading { None, Valid, Foreign, Newer }

/// <summary>
/// The first 64 bytes of a batch, little-endian: magic 4, format 2, kind 1, zero 1, salt 8, generation 8, sequence 8, durable mark 8,
/// body length 4, zero 4, previous batch's checksum 4, body's checksum 4, this header's checksum 4 (at 56), zero 4. A batch is
/// chained to the one before it by that one's header checksum, which covers its body's.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Generation">The segment's: grows by each use of a file, so that bytes of a former use are unmistakable.</param>
/// <param name="Sequence">The batch's number; an opening bears that of the batch after it.</param>
/// <param name="DurableMark">The last sequence known durable when it was written.</param>
/// <param name="Length">The bytes of records after the header.</param>
/// <param name="PreviousCrc">The header checksum of the batch before it, 0 for the first.</param>
/// <param name="BodyCrc">The checksum of the records.</param>
internal readonly record struct BatchHeader(
    BatchKind Kind, long Generation, long Sequence, long DurableMark, int Length, uint PreviousCrc, uint BodyCrc)
{
    internal const int Bytes = 64;
    internal const ushort Format = 1;
    private const uint Magic = 0x474F_4C51; // "QLOG"
    private const int CrcAt = 56;

    /// <summary>The format of a header that is there.</summary>
    internal static int FormatOf(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt16LittleEndian(at[4..]);

    /// <summary>Writes the header.</summary>
    /// <returns>Its checksum, for the next batch.</returns>
    internal uint Write(Span<byte> at, LogSalt salt)
    {
        at[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(at, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(at[4..], Format);
        at[6] = (byte)Kind;
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], salt.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], Generation);
        BinaryPrimitives.WriteInt64LittleEndian(at[24..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(at[32..], DurableMark);
        BinaryPrimitives.WriteInt32LittleEndian(at[40..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(at[48..], PreviousCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(at[52..], BodyCrc);
        uint crc = Crc32C.Append(salt.Seed, at[..CrcAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(at[CrcAt..], crc);
        return crc;
    }

    /// <summary>Reads a header from the beginning of a page. Takes any bytes.</summary>
    internal static HeaderReading Read(ReadOnlySpan<byte> at, LogSalt salt, out BatchHeader header, out uint crc)
    {
        header = default;
        crc = 0;
        if (at.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(at) != Magic) return HeaderReading.None;
        if (BinaryPrimitives.ReadUInt64LittleEndian(at[8..]) != salt.Value) return HeaderReading.Foreign;
        crc = Crc32C.Append(salt.Seed, at[..CrcAt]);
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(at[CrcAt..])) return HeaderReading.None;
        if (FormatOf(at) > Format) return HeaderReading.Newer;
        header = new BatchHeader(
            (BatchKind)at[6],
            BinaryPrimitives.ReadInt64LittleEndian(at[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(at[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(at[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(at[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(at[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(at[52..]));
        return header.Kind is BatchKind.Data or BatchKind.Opening or BatchKind.Seal && header.Generation > 0 && header.Sequence > 0
            && header.DurableMark >= 0 && header.DurableMark < header.Sequence && header.Length >= 0
            ? HeaderReading.Valid
            : HeaderReading.None;
    }
}
