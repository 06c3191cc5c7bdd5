namespace Quorleans.KeyValue;

/// <summary>
/// Reads what <see cref="PayloadWriter"/> wrote, from bytes that may be hostile: every read checks its bounds, allocates nothing, and after
/// the first failure all others fail too. Numbers must be in their shortest form and not above <see cref="long.MaxValue"/>.
/// </summary>
/// <param name="source">The bytes.</param>
public ref struct PayloadReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>Where the next read starts.</summary>
    public int Position { get; private set; }

    /// <summary>Whether a read failed.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes left.</summary>
    public readonly int Remaining => _source.Length - Position;

    /// <summary>Whether all was read, and nothing failed.</summary>
    public readonly bool AtEnd => !Failed && Position == _source.Length;

    /// <summary>Reads one byte; 0 after a failure.</summary>
    public byte Byte()
    {
        if (Failed || Position == _source.Length) return (byte)Fail();
        return _source[Position++];
    }

    /// <summary>Reads a number from 0 to <paramref name="max"/>; 0 after a failure.</summary>
    /// <param name="max">The largest that is well-formed here.</param>
    public long Varint(long max = long.MaxValue)
    {
        if (Failed) return 0;
        ulong value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            if (Position == _source.Length) return Fail();
            byte b = _source[Position++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b >= 0x80) continue;
            bool shortest = b != 0 || shift == 0;
            return shortest && value <= (ulong)max ? (long)value : Fail();
        }

        return Fail();
    }

    /// <summary>Reads a length and that many bytes: a slice of the source; empty after a failure.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        long length = Varint(int.MaxValue);
        return Raw((int)length);
    }

    /// <summary>Reads bytes without a length before them.</summary>
    /// <param name="count">How many.</param>
    public ReadOnlySpan<byte> Raw(int count)
    {
        if (Failed || (uint)count > (uint)Remaining)
        {
            Fail();
            return default;
        }

        ReadOnlySpan<byte> bytes = _source.Slice(Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>Reads a client; none after a failure.</summary>
    public ClientId Client()
    {
        ReadOnlySpan<byte> bytes = Raw(ClientId.Size);
        return bytes.IsEmpty ? default : ClientId.Read(bytes);
    }

    private long Fail()
    {
        Failed = true;
        return 0;
    }
}
