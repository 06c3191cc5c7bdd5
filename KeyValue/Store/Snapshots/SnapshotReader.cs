namespace Quorleans.KeyValue.Store;

/// <summary>Reads a snapshot's numbers and byte strings from a stream through one buffer.</summary>
/// <param name="source">The stream.</param>
/// <param name="cancellationToken">Stops the work when the buffer is filled next.</param>
internal sealed class SnapshotReader(Stream source, CancellationToken cancellationToken)
{
    private const int BelievedBytes = 256 << 10;
    private readonly byte[] _buffer = new byte[32 << 10]; // no large object: those are only freed with the oldest generation
    private int _position;
    private int _length;

    /// <summary>Bytes read so far.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether nothing is left.</summary>
    public bool AtEnd => _position == _length && !Fill();

    /// <summary>The mistake, with its place.</summary>
    public InvalidDataException Invalid(string what) => new($"The key/value snapshot is damaged at byte {Offset}: {what}.");

    public byte Byte()
    {
        if (_position == _length && !Fill()) throw Truncated();
        Offset++;
        return _buffer[_position++];
    }

    /// <summary>Reads a number from 0 to <paramref name="max"/>.</summary>
    public long Varint(string name, long max = long.MaxValue)
    {
        ulong value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            byte b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b >= 0x80) continue;
            return value <= (ulong)max ? (long)value : throw Invalid($"{name} is {value}, above {max}");
        }

        throw Invalid($"{name} is no number");
    }

    /// <summary>Reads a length and that many bytes into an array of their own.</summary>
    public byte[] Bytes(string name, int maxLength)
    {
        int length = (int)Varint(name, maxLength);
        if (length == 0) return [];
        // A length is only believed as far as its bytes are there: a damaged one costs at most twice what follows it.
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Math.Min(length, BelievedBytes));
        Raw(bytes);
        while (bytes.Length < length)
        {
            int known = bytes.Length;
            byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Min(length, 2 * known));
            bytes.CopyTo(larger, 0);
            bytes = larger;
            Raw(bytes.AsSpan(known));
        }

        return bytes;
    }

    /// <summary>Reads bytes without a length before them.</summary>
    public void Raw(Span<byte> destination)
    {
        Offset += destination.Length;
        while (true)
        {
            int count = Math.Min(destination.Length, _length - _position);
            _buffer.AsSpan(_position, count).CopyTo(destination);
            _position += count;
            destination = destination[count..];
            if (destination.IsEmpty) return;
            if (!Fill()) throw Truncated();
        }
    }

    public ClientId Client()
    {
        Span<byte> bytes = stackalloc byte[ClientId.Size];
        Raw(bytes);
        return ClientId.Read(bytes);
    }

    private InvalidDataException Truncated() => Invalid("it ends too early");

    private bool Fill()
    {
        cancellationToken.ThrowIfCancellationRequested();
        _position = 0;
        _length = source.Read(_buffer, 0, _buffer.Length);
        return _length > 0;
    }
}
