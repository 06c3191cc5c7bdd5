using System.Buffers.Binary;

namespace Quorleans.MapReduce.Engine;

/// <summary>The first eight bytes of a key as a number: most comparisons end there, without touching the key.</summary>
internal static class KeyPrefix
{
    public static ulong Of(ReadOnlySpan<byte> key)
    {
        if (key.Length >= 8) return BinaryPrimitives.ReadUInt64BigEndian(key);
        ulong prefix = 0;
        for (int i = 0; i < key.Length; i++) prefix |= (ulong)key[i] << (56 - (8 * i));
        return prefix;
    }
}
