using System.Buffers.Binary;
using System.Text;

namespace Quorleans.Raft.Storage;

/// <summary>
/// The form of a snapshot file, little-endian. Head: magic 4, format 2, zero 2, length of the rest 4, its checksum 4; then group
/// incarnation 8, name (1 + n), index 8, term 8, time 8, membership (4 + n). Blocks: length 4, checksum 4, bytes. End: zero 4,
/// checksum 4, total bytes of the body 8. Each checksum continues the one before it, so no block can be lost, moved or be another snapshot's.
/// </summary>
internal static class SnapshotFormat
{
    internal const int FixedHeadBytes = 16;
    internal const int BlockHeadBytes = 8;
    internal const int EndBytes = 16;
    internal const int BlockBytes = 128 << 10;
    internal const int MaximumBlockBytes = 1 << 20;
    private const uint Magic = 0x504E_5351; // "QSNP"
    internal const ushort Format = 1;

    internal static byte[] EncodeHead(GroupId group, SnapshotMetadata metadata, out uint crc)
    {
        int name = Encoding.UTF8.GetByteCount(group.Name);
        int membership = MembershipCodec.EncodedLength(metadata.Membership);
        byte[] head = new byte[FixedHeadBytes + 8 + 1 + name + 24 + 4 + membership];
        Span<byte> at = head.AsSpan(FixedHeadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(at, group.Incarnation);
        at[8] = checked((byte)name);
        Encoding.UTF8.GetBytes(group.Name, at[9..]);
        at = at[(9 + name)..];
        BinaryPrimitives.WriteInt64LittleEndian(at, metadata.Index.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], metadata.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], metadata.Time.Milliseconds);
        BinaryPrimitives.WriteInt32LittleEndian(at[24..], membership);
        MembershipCodec.Encode(metadata.Membership, at[28..]);
        crc = Crc32C.Append(uint.MaxValue, head.AsSpan(FixedHeadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(4), Format);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), head.Length - FixedHeadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(12), crc);
        return head;
    }

    /// <summary>Reads and checks the head.</summary>
    /// <returns>Where the blocks begin.</returns>
    internal static int ReadHead(IDiskFile file, out GroupId group, out SnapshotMetadata metadata, out uint crc)
    {
        Span<byte> fixedHead = stackalloc byte[FixedHeadBytes];
        if (file.Read(0, fixedHead) != FixedHeadBytes || BinaryPrimitives.ReadUInt32LittleEndian(fixedHead) != Magic)
            throw new SnapshotCorruptException(file.Name, 0, "it does not begin as a snapshot");
        if (BinaryPrimitives.ReadUInt16LittleEndian(fixedHead[4..]) is var format && format is 0 or > Format)
            throw new SnapshotCorruptException(file.Name, 4, $"it has format {format}; this program knows up to {Format}") { NewerFormat = format };
        int length = BinaryPrimitives.ReadInt32LittleEndian(fixedHead[8..]);
        if (length < 0 || length > MaximumBlockBytes || length > file.Length - FixedHeadBytes) throw new SnapshotCorruptException(file.Name, 8, "its head is cut short");
        byte[] rest = new byte[length];
        file.Read(FixedHeadBytes, rest);
        crc = Crc32C.Append(uint.MaxValue, rest);
        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(fixedHead[12..])) throw new SnapshotCorruptException(file.Name, FixedHeadBytes, "its head's checksum is wrong");
        ByteReader reader = new(rest);
        long incarnation = reader.I64();
        group = new GroupId(reader.ShortText(), incarnation);
        LogIndex index = new(reader.I64());
        Term term = new(reader.I64());
        LogTime time = new(reader.I64());
        metadata = new SnapshotMetadata(index, term, time, reader.Membership());
        if (reader.Failed || reader.Remaining != 0) throw new SnapshotCorruptException(file.Name, FixedHeadBytes, "its head is malformed");
        return FixedHeadBytes + length;
    }

    /// <summary>Writes a block's head before its bytes.</summary>
    /// <param name="block">Room for the head, then the bytes.</param>
    /// <param name="crc">The checksum so far; continued.</param>
    internal static void SealBlock(Span<byte> block, ref uint crc)
    {
        BinaryPrimitives.WriteInt32LittleEndian(block, block.Length - BlockHeadBytes);
        crc = Crc32C.Append(Crc32C.Append(crc, block[..4]), block[BlockHeadBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], crc);
    }

    /// <summary>Writes the end.</summary>
    internal static void WriteEnd(Span<byte> end, long total, uint crc)
    {
        end[..4].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(end[8..], total);
        BinaryPrimitives.WriteUInt32LittleEndian(end[4..], Crc32C.Append(Crc32C.Append(crc, end[..4]), end.Slice(8, 8)));
    }

    /// <summary>Reads the block, or the end, at a place.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">The place; moved behind what was read.</param>
    /// <param name="crc">The checksum so far; continued.</param>
    /// <param name="total">How many bytes of body came before; moved along.</param>
    /// <param name="buffer">Where the bytes go; made larger as needed.</param>
    /// <returns>How many bytes the block has; 0 at the end.</returns>
    internal static int ReadBlock(IDiskFile file, ref long offset, ref uint crc, ref long total, ref byte[] buffer)
    {
        Span<byte> head = stackalloc byte[EndBytes];
        int read = file.Read(offset, head);
        if (read < EndBytes) throw new SnapshotCorruptException(file.Name, offset, "it is cut short");
        int length = BinaryPrimitives.ReadInt32LittleEndian(head);
        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        if (length == 0)
        {
            if (Crc32C.Append(Crc32C.Append(crc, head[..4]), head.Slice(8, 8)) != stated || BinaryPrimitives.ReadInt64LittleEndian(head[8..]) != total)
                throw new SnapshotCorruptException(file.Name, offset, "its end's checksum or total is wrong");
            if (file.Length != offset + EndBytes) throw new SnapshotCorruptException(file.Name, offset + EndBytes, "bytes follow its end");
            offset += EndBytes;
            return 0;
        }

        if (length is < 0 or > MaximumBlockBytes || length > file.Length - offset - BlockHeadBytes) throw new SnapshotCorruptException(file.Name, offset, "a block's length is wrong");
        if (buffer.Length < length) buffer = new byte[Math.Max(length, Math.Min(file.Length - offset, BlockBytes))];
        Span<byte> bytes = buffer.AsSpan(0, length);
        if (file.Read(offset + BlockHeadBytes, bytes) != length) throw new SnapshotCorruptException(file.Name, offset, "it is cut short");
        crc = Crc32C.Append(Crc32C.Append(crc, head[..4]), bytes);
        if (crc != stated) throw new SnapshotCorruptException(file.Name, offset, "a block's checksum is wrong");
        offset += BlockHeadBytes + length;
        total += length;
        return length;
    }
}
