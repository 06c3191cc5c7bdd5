using System.Buffers.Binary;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>How what was scanned of the store lies in a file: a length of four bytes, then a key, a TAB and the value. A file is never cut.</summary>
internal sealed class StoreRecordFormat : IFramedRecordFormat
{
    private const int LengthBytes = 4;

    public static StoreRecordFormat Instance { get; } = new();

    public long Alignment => 0;

    public int LookBehind => 0;

    public int HeaderBytes => LengthBytes;

    /// <summary>How many bytes a record takes.</summary>
    public static int SizeOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => LengthBytes + key.Length + 1 + value.Length;

    /// <summary>Writes a record.</summary>
    public static void Write(Span<byte> to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, SizeOf(key, value) - LengthBytes);
        key.CopyTo(to[LengthBytes..]);
        to[LengthBytes + key.Length] = (byte)'\t';
        value.CopyTo(to[(LengthBytes + key.Length + 1)..]);
    }

    public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
    {
        recordBytes = consumedBytes = 0;
        if (buffer.Length < LengthBytes) return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(buffer);
        if (length < 0) throw new MapReduceException(JobFailure.CorruptIntermediate, $"a file with records of the store is damaged: a record claims to have {length} bytes");
        if (length > buffer.Length - LengthBytes) return false;
        recordBytes = consumedBytes = LengthBytes + length;
        return true;
    }
}
