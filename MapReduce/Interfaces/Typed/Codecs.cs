using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quorleans.MapReduce;

/// <summary>The codecs that come with the engine. All keep the order of values.</summary>
public static class Codecs
{
    private const ulong SignBit = 1UL << 63;

    /// <summary>UTF-8, ordered by code point. Bytes that are no UTF-8 become U+FFFD when read.</summary>
    public static ICodec<string> Text { get; } = new TextCodec();

    /// <summary>Bytes as they are.</summary>
    public static ICodec<byte[]> Bytes { get; } = new BytesCodec();

    /// <summary>Eight bytes, ordered by value, negative ones first.</summary>
    public static ICodec<long> Longs { get; } = new Int64Codec();

    /// <summary>Eight bytes, ordered by value, negative ones first.</summary>
    public static ICodec<int> Ints { get; } = new Int32Codec();

    /// <summary>Eight bytes, ordered by value; NaN comes first or last, by its sign.</summary>
    public static ICodec<double> Doubles { get; } = new DoubleCodec();

    /// <summary>The codec of a type.</summary>
    /// <exception cref="NotSupportedException">There is none; give one to the job's definition.</exception>
    public static ICodec<T> For<T>()
    {
        foreach (object codec in (ReadOnlySpan<object>)[Text, Bytes, Longs, Ints, Doubles])
        {
            if (codec is ICodec<T> found) return found;
        }

        throw new NotSupportedException($"there is no codec for {typeof(T)}; give one to the job's definition");
    }

    private sealed class TextCodec : ICodec<string>
    {
        public void Write(string value, IBufferWriter<byte> to) => Encoding.UTF8.GetBytes(value, to);

        public string Read(ReadOnlySpan<byte> from) => Encoding.UTF8.GetString(from);
    }

    private sealed class BytesCodec : ICodec<byte[]>
    {
        public void Write(byte[] value, IBufferWriter<byte> to) => to.Write(value);

        public byte[] Read(ReadOnlySpan<byte> from) => from.ToArray();
    }

    private sealed class Int64Codec : ICodec<long>
    {
        public void Write(long value, IBufferWriter<byte> to)
        {
            BinaryPrimitives.WriteUInt64BigEndian(to.GetSpan(sizeof(long)), (ulong)value ^ SignBit);
            to.Advance(sizeof(long));
        }

        public long Read(ReadOnlySpan<byte> from) => (long)(BinaryPrimitives.ReadUInt64BigEndian(from) ^ SignBit);
    }

    private sealed class Int32Codec : ICodec<int>
    {
        public void Write(int value, IBufferWriter<byte> to) => Longs.Write(value, to);

        public int Read(ReadOnlySpan<byte> from) => (int)Longs.Read(from);
    }

    private sealed class DoubleCodec : ICodec<double>
    {
        // The bits of positive numbers are in order; those of negative ones in the opposite order.
        public void Write(double value, IBufferWriter<byte> to)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            Longs.Write(bits < 0 ? bits ^ long.MaxValue : bits, to);
        }

        public double Read(ReadOnlySpan<byte> from)
        {
            long bits = Longs.Read(from);
            return BitConverter.Int64BitsToDouble(bits < 0 ? bits ^ long.MaxValue : bits);
        }
    }
}
