using System.Buffers;

namespace Quorleans.Raft.Storage;

/// <summary>A batch found whole in a file.</summary>
/// <param name="Offset">Its place.</param>
/// <param name="Header">Its header.</param>
/// <param name="Crc">Its header's checksum, which the next one is chained to.</param>
internal readonly record struct ScannedBatch(long Offset, BatchHeader Header, uint Crc)
{
    internal long End => Offset + BatchBuffer.Pad(BatchHeader.Bytes + (long)Header.Length);
}

/// <summary>A log file and every whole batch in it, of this and former uses, in order of place.</summary>
internal sealed class ScannedFile(IDiskFile file, int number, long length)
{
    internal IDiskFile File { get; } = file;

    internal int Number { get; } = number;

    internal long Length { get; } = length;

    internal List<ScannedBatch> Batches { get; } = [];

    /// <summary>Every header found, also of batches whose records are damaged: what they prove about batches before them still holds.</summary>
    internal List<BatchHeader> Headers { get; } = [];

    /// <summary>Whether its first page is of another log.</summary>
    internal bool IsForeign { get; set; }

    /// <summary>Whether it is longer than any segment can be.</summary>
    internal bool IsOversized => Length > 2L * BatchBuffer.MaximumBytes;

    /// <summary>Whether a page is of a newer format.</summary>
    internal int NewerFormat { get; set; }

    /// <summary>What its first batch says, when that is an opening.</summary>
    internal SegmentHead? Head { get; set; }

    internal long Generation => Head is null ? 0 : Batches[0].Header.Generation;

    internal ScannedBatch? Find(long offset)
    {
        int low = 0, high = Batches.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (Batches[middle].Offset == offset) return Batches[middle];
            if (Batches[middle].Offset < offset) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }
}

/// <summary>The first record of an opening.</summary>
internal readonly record struct SegmentHead(int NextGroup, long OldestLive, long PreviousGeneration, int Groups);

/// <summary>Reads log files and finds the whole batches in them, wherever a page begins with one.</summary>
internal static class LogScan
{
    /// <summary>Scans a file. Only trusts what its checksums prove to be this log's.</summary>
    internal static ScannedFile Scan(IDiskFile file, int number, LogSalt salt)
    {
        long length = file.Length;
        ScannedFile scanned = new(file, number, length);
        if (length is 0 or > 2L * BatchBuffer.MaximumBytes) return scanned;
        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            ReadOnlySpan<byte> all = bytes.AsSpan(0, file.Read(0, bytes.AsSpan(0, (int)length)));
            for (int at = 0; at + BatchHeader.Bytes <= all.Length;)
            {
                HeaderReading reading = BatchHeader.Read(all[at..], salt, out BatchHeader header, out uint crc);
                scanned.IsForeign |= reading == HeaderReading.Foreign && at == 0;
                if (reading == HeaderReading.Newer) scanned.NewerFormat = BatchHeader.FormatOf(all[at..]);
                if (reading == HeaderReading.Valid) scanned.Headers.Add(header);
                if (reading != HeaderReading.Valid || header.Length > all.Length - at - BatchHeader.Bytes
                    || Crc32C.Append(salt.Seed, all.Slice(at + BatchHeader.Bytes, header.Length)) != header.BodyCrc)
                {
                    at += BatchBuffer.PageBytes;
                    continue;
                }

                ScannedBatch batch = new(at, header, crc);
                scanned.Batches.Add(batch);
                if (at == 0 && header.Kind == BatchKind.Opening && TryReadHead(all.Slice(BatchHeader.Bytes, header.Length), out SegmentHead head))
                    scanned.Head = head;

                // What lies inside a whole batch is its content, whatever it looks like.
                if (batch.End >= all.Length) break;
                at = (int)batch.End;
            }

            return scanned;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    internal static bool TryReadHead(ReadOnlySpan<byte> body, out SegmentHead head)
    {
        ByteReader reader = new(body);
        bool isHead = reader.U8() == (byte)RecordType.Segment;
        reader.Bytes(3);
        head = new SegmentHead(reader.I32(), reader.I64(), reader.I64(), reader.I32());
        return isHead && !reader.Failed && head is { NextGroup: > 0, OldestLive: > 0, PreviousGeneration: >= 0, Groups: >= 0 };
    }
}
