
namespace Quorleans.Raft;

/// <summary>Reads a message's fields. After the first thing that does not fit it only returns zeros, and <see cref="Failed"/> says so.</summary>
internal ref struct MessageReader(ReadOnlyMemory<byte> source)
{
    private readonly ReadOnlyMemory<byte> _source = source;
    private int _at;

    internal bool Failed { get; private set; }

    internal readonly bool AtEnd => _at == _source.Length;

    internal readonly int Remaining => _source.Length - _at;

    internal void Fail() => Failed = true;

    internal byte Byte()
    {
        ReadOnlySpan<byte> span = Span(1);
        return span.IsEmpty ? (byte)0 : span[0];
    }

    internal (bool First, bool Second) Flags()
    {
        byte flags = Byte();
        if (flags > 3) Failed = true;
        return ((flags & 1) != 0, (flags & 2) != 0);
    }

    internal (bool First, bool Second, bool Third) ThreeFlags()
    {
        byte flags = Byte();
        if (flags > 7) Failed = true;
        return ((flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0);
    }

    internal Guid Guid()
    {
        ReadOnlySpan<byte> span = Span(16);
        return span.IsEmpty ? default : new Guid(span);
    }

    /// <summary>A number that is not negative.</summary>
    internal long Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            if (Failed) return 0;
            value |= (ulong)(next & 0x7F) << shift;
            if (next >= 0x80) continue;
            if (value <= long.MaxValue) return (long)value;
            break;
        }

        Failed = true;
        return 0;
    }

    internal int Int()
    {
        long value = Number();
        if (value <= int.MaxValue) return (int)value;
        Failed = true;
        return 0;
    }

    internal ReadOnlyMemory<byte> Bytes()
    {
        int length = Int();
        if (Failed || length > Remaining)
        {
            Failed = true;
            return default;
        }

        ReadOnlyMemory<byte> bytes = _source.Slice(_at, length);
        _at += length;
        return bytes;
    }

    internal ReadOnlySpan<byte> Span(int length)
    {
        if (Failed || length > Remaining)
        {
            Failed = true;
            return [];
        }

        ReadOnlySpan<byte> span = _source.Span.Slice(_at, length);
        _at += length;
        return span;
    }
}
