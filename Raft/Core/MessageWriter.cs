using System.Text;

namespace Quorleans.Raft;

/// <summary>Writes a message's fields into one array that grows.</summary>
internal ref struct MessageWriter(int sizeHint)
{
    private byte[] _buffer = new byte[sizeHint];
    private int _at;

    /// <summary>How many bytes <see cref="Number"/> takes.</summary>
    internal static int SizeOf(long value) => (63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value | 1)) / 7 + 1;

    internal void Byte(byte value) => Take(1)[0] = value;

    internal void Flags(bool first, bool second, bool third = false) => Byte((byte)((first ? 1 : 0) | (second ? 2 : 0) | (third ? 4 : 0)));

    internal void Guid(Guid value) => value.TryWriteBytes(Take(16));

    internal void Ascii(string value) => Encoding.ASCII.GetBytes(value, Take(value.Length));

    internal void Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ulong rest = (ulong)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }

        Byte((byte)rest);
    }

    internal void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        value.CopyTo(Take(value.Length));
    }

    internal readonly byte[] ToArray() => _at == _buffer.Length ? _buffer : _buffer.AsSpan(0, _at).ToArray();

    private Span<byte> Take(int length)
    {
        if (_buffer.Length - _at < length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _at + length));
        Span<byte> span = _buffer.AsSpan(_at, length);
        _at += length;
        return span;
    }
}
