using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue;

/// <summary>
/// A growing buffer for encoding, made to be used again: it keeps its array. Numbers are unsigned LEB128 (seven bits a byte, lowest
/// first, in the fewest bytes); byte strings have their length in front.
/// </summary>
public sealed class PayloadWriter
{
    private byte[] _buffer;
    private int _length;

    /// <summary>Creates an empty writer.</summary>
    /// <param name="capacity">Bytes to hold from the start.</param>
    public PayloadWriter(int capacity = 512) => _buffer = new byte[capacity];

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    /// <summary>What was written; valid until the next change.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>The bytes that a number takes, 1 to 10.</summary>
    /// <param name="value">The number.</param>
    public static int VarintSize(ulong value) => (63 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7 + 1;

    /// <summary>Forgets what was written; keeps the array unless it is larger than <paramref name="keepAtMost"/>.</summary>
    /// <param name="keepAtMost">Bytes.</param>
    public void Clear(int keepAtMost = 1 << 20)
    {
        _length = 0;
        if (_buffer.Length > keepAtMost) _buffer = new byte[512];
    }

    /// <summary>Goes back to an earlier length.</summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length);
        _length = length;
    }

    /// <summary>A copy of exactly what was written.</summary>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>Gives the array away without a copy and starts anew.</summary>
    public ReadOnlyMemory<byte> Detach()
    {
        var written = new ReadOnlyMemory<byte>(_buffer, 0, _length);
        _buffer = [];
        _length = 0;
        return written;
    }

    /// <summary>Writes one byte.</summary>
    public void Byte(byte value)
    {
        if (_length == _buffer.Length) Grow(1);
        _buffer[_length++] = value;
    }

    /// <summary>Overwrites a byte.</summary>
    public void SetByte(int position, byte value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)_length);
        _buffer[position] = value;
    }

    /// <summary>Writes a number that is not negative.</summary>
    public void Varint(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        Varint((ulong)value);
    }

    /// <summary>Writes a number.</summary>
    public void Varint(ulong value)
    {
        if (_buffer.Length - _length < 10) Grow(10);
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    /// <summary>Writes a length and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        Raw(value);
    }

    /// <summary>Writes bytes without their length.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
    }

    /// <summary>Writes a client.</summary>
    public void Client(ClientId client) => client.Write(Reserve(ClientId.Size));

    /// <summary>Adds that many bytes, for the caller to fill at once.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count) Grow(count);
        Span<byte> span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count) =>
        Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)_buffer.Length * 2, (long)_length + count)));
}
