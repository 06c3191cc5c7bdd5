using System.Buffers.Binary;

namespace Quorleans.MapReduce.Engine;

/// <summary>A record's pairs while it is not known yet whether the record is good.</summary>
internal sealed class HeldPairs
{
    private const int HeaderBytes = 8;
    private byte[] _data = new byte[1024];
    private int _used;

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        long needed = (long)_used + HeaderBytes + key.Length + value.Length;
        if (needed > Array.MaxLength) throw new MapReduceException(JobFailure.TooLong, "a record's pairs are longer than 2 GB together, which is too much when bad records may be skipped");
        if (needed > _data.Length) Array.Resize(ref _data, (int)Math.Min(Array.MaxLength, Math.Max(needed, _data.Length * 2L)));
        BinaryPrimitives.WriteInt32LittleEndian(_data.AsSpan(_used), key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(_data.AsSpan(_used + 4), value.Length);
        key.CopyTo(_data.AsSpan(_used + HeaderBytes));
        value.CopyTo(_data.AsSpan(_used + HeaderBytes + key.Length));
        _used = (int)needed;
    }

    public bool TryRead(ref int at, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = value = default;
        if (at == _used) return false;
        int keyLength = BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(at));
        int valueLength = BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(at + 4));
        key = _data.AsSpan(at + HeaderBytes, keyLength);
        value = _data.AsSpan(at + HeaderBytes + keyLength, valueLength);
        at += HeaderBytes + keyLength + valueLength;
        return true;
    }

    public void Clear() => _used = 0;
}
