using System.Buffers.Binary;
using System.Numerics;

namespace Quorleans.KeyValue.Store;

/// <summary>
/// A 128-bit hash for set digests: items' hashes are added up (modulo 2^128), so that the sum does not depend on the order and an item can be
/// taken out again. It tells apart states that differ by mistake, not by malice: it is not cryptographic.
/// </summary>
/// <remarks>
/// Each 16 bytes are folded into two lanes by 64×64→128-bit multiplications with different constants (as wyhash does with one lane). Its results stand in
/// snapshots: a change of it is a change of their format.
/// </remarks>
internal static class StrongHash
{
    private const ulong A0 = 0xa0761d6478bd642f, A1 = 0xe7037ed1a0b428db, A2 = 0x8ebc6af09c88c6e3, A3 = 0x589965cc75374cc3;

    /// <summary>The hash of a key with its value and version.</summary>
    public static UInt128 OfItem(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long version)
    {
        ulong low = A0, high = A2;
        Fold(ref low, ref high, (ulong)version, 1 | (ulong)key.Length << 8);
        Absorb(ref low, ref high, key);
        Absorb(ref low, ref high, value);
        return Finish(low, high, (ulong)value.Length);
    }

    /// <summary>The hash of a client's session without its results.</summary>
    public static UInt128 OfSession(ClientId client, long floor, long deadline)
    {
        ulong low = A0, high = A2;
        Fold(ref low, ref high, (ulong)(client.Value >> 64), (ulong)client.Value);
        Fold(ref low, ref high, (ulong)floor, (ulong)deadline);
        return Finish(low, high, 2);
    }

    /// <summary>The hash of one cached result.</summary>
    public static UInt128 OfResult(ClientId client, in CachedResult result)
    {
        ulong low = A0, high = A2;
        Fold(ref low, ref high, (ulong)(client.Value >> 64), (ulong)client.Value);
        Fold(ref low, ref high, (ulong)result.Sequence, (ulong)result.Version);
        Fold(ref low, ref high, (ulong)result.DeadlineMs, (ulong)result.Status);
        if (result.Body is null) return Finish(low, high, 3);
        Absorb(ref low, ref high, result.Body);
        return Finish(low, high, 5 | (ulong)result.Body.Length << 8);
    }

    /// <summary>The hash of one shard's digest with its number and revision.</summary>
    public static UInt128 OfShard(int shard, long revision, UInt128 digest)
    {
        ulong low = A0, high = A2;
        Fold(ref low, ref high, (ulong)(digest >> 64), (ulong)digest);
        Fold(ref low, ref high, (ulong)shard, (ulong)revision);
        return Finish(low, high, 4);
    }

    private static void Absorb(ref ulong low, ref ulong high, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 16)
        {
            Fold(ref low, ref high, BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            bytes = bytes[16..];
        }

        if (bytes.IsEmpty) return;
        ulong first = 0, second = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            if (i < 8) first |= (ulong)bytes[i] << (8 * i);
            else second |= (ulong)bytes[i] << (8 * (i - 8));
        }

        Fold(ref low, ref high, first, second);
    }

    private static void Fold(ref ulong low, ref ulong high, ulong first, ulong second)
    {
        // Adding the old lane rotated keeps it from being lost when a product happens to be zero.
        ulong nextLow = BitOperations.RotateLeft(low, 29) + Multiply(first ^ A1, second ^ low);
        ulong nextHigh = BitOperations.RotateLeft(high, 31) + Multiply(first ^ high, second ^ A3);
        low = nextLow;
        high = nextHigh;
    }

    private static UInt128 Finish(ulong low, ulong high, ulong length)
    {
        ulong first = Multiply(low ^ A1, high ^ length ^ A0);
        ulong second = Multiply(high ^ A3, low + length ^ A2);
        return new UInt128(Multiply(second ^ A0, first ^ A3) + low, first ^ high);
    }

    private static ulong Multiply(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
