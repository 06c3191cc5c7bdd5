using System.Buffers;
using System.Runtime.CompilerServices;

namespace Quorleans.MapReduce;

/// <summary>The formats that come with the engine.</summary>
public static class RecordFormats
{
    /// <summary>Lines, without their line feed; a carriage return before it stays. The last one needs no line feed.</summary>
    public static IRecordFormat Lines { get; } = new LineFormat();

    /// <summary>Many lines at a time, as they are, for mappers that need no single ones.</summary>
    public static IRecordFormat LineBlocks { get; } = new BlockFormat(SearchValues.Create("\n"u8));

    /// <summary>A piece of text, cut at ASCII white space: for mappers that look at words. Lines may be of any length.</summary>
    public static IRecordFormat TextBlocks { get; } = new BlockFormat(SearchValues.Create(" \n\r\t\v\f"u8));

    /// <summary>A file as one record.</summary>
    public static IRecordFormat WholeFiles { get; } = new WholeFileFormat();

    /// <summary>Records of one size.</summary>
    /// <param name="bytes">Their size, at least 1.</param>
    public static IRecordFormat FixedSize(int bytes) => new FixedSizeFormat(bytes);

    private sealed class LineFormat : IRecordFormat
    {
        public long Alignment => 1;

        public int LookBehind => 1;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
        {
            recordBytes = buffer.IndexOf((byte)'\n');
            consumedBytes = recordBytes + 1;
            if (recordBytes >= 0) return true;
            recordBytes = consumedBytes = buffer.Length;
            return isLast;
        }
    }

    private sealed class BlockFormat(SearchValues<byte> delimiters) : IRecordFormat
    {
        public long Alignment => 1;

        public int LookBehind => 1;

        public bool HoldsLines => true;

        public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
        {
            // The last line of the part is the one that ends with the first delimiter at or behind the part's last byte.
            int end = buffer.Length < owned ? -1 : buffer[(owned - 1)..].IndexOfAny(delimiters);
            end = end >= 0 ? owned - 1 + end : !isLast ? buffer[..Math.Min(owned, buffer.Length)].LastIndexOfAny(delimiters) : buffer.Length - 1;
            recordBytes = consumedBytes = end + 1;
            return end >= 0;
        }
    }

    private sealed class WholeFileFormat : IRecordFormat
    {
        public long Alignment => 0;

        public int LookBehind => 0;

        public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
        {
            recordBytes = consumedBytes = buffer.Length;
            return isLast;
        }
    }

    private sealed class FixedSizeFormat : IRecordFormat
    {
        private readonly int _bytes;

        public FixedSizeFormat(int bytes)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
            _bytes = bytes;
        }

        public long Alignment => _bytes;

        public int LookBehind => 0;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool TryRead(ReadOnlySpan<byte> buffer, int owned, bool isLast, out int recordBytes, out int consumedBytes)
        {
            recordBytes = consumedBytes = _bytes;
            return buffer.Length >= _bytes;
        }
    }
}
