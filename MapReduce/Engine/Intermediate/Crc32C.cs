using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>
/// CRC-32C (Castagnoli), by the processor where it can. Each of its steps waits for the one before, so that long inputs are taken as three
/// lanes side by side, whose sums are then put together.
/// </summary>
internal static class Crc32C
{
    private const int LaneBytes = 1024;
    private static readonly uint[] OverOneLane = Shifts(LaneBytes);
    private static readonly uint[] OverTwoLanes = Shifts(2 * LaneBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        if (bytes.Length >= 3 * LaneBytes)
        {
            uint[] overOne = OverOneLane;
            uint[] overTwo = OverTwoLanes;
            for (; bytes.Length >= 3 * LaneBytes; bytes = bytes[(3 * LaneBytes)..])
            {
                ref byte lane = ref MemoryMarshal.GetReference(bytes);
                uint second = 0;
                uint third = 0;
                for (int i = 0; i < LaneBytes; i += sizeof(ulong))
                {
                    crc = BitOperations.Crc32C(crc, Word(ref lane, i));
                    second = BitOperations.Crc32C(second, Word(ref lane, i + LaneBytes));
                    third = BitOperations.Crc32C(third, Word(ref lane, i + (2 * LaneBytes)));
                }

                crc = Shift(overTwo, crc) ^ Shift(overOne, second) ^ third;
            }
        }

        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) crc = BitOperations.Crc32C(crc, Word(ref MemoryMarshal.GetReference(bytes), 0));
        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static ulong Word(ref byte from, int at)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, at));
        return BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
    }

    // What zeros make of a sum: linear, so that it is known for each of its four bytes.
    private static uint Shift(uint[] shifts, uint crc) =>
        shifts[crc & 0xFF] ^ shifts[256 + ((crc >> 8) & 0xFF)] ^ shifts[512 + ((crc >> 16) & 0xFF)] ^ shifts[768 + (crc >> 24)];

    private static uint[] Shifts(int zeros)
    {
        uint[] shifts = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint crc = 1u << bit;
            for (int i = 0; i < zeros; i++) crc = BitOperations.Crc32C(crc, (byte)0);
            shifts[((bit / 8) * 256) + (1 << (bit % 8))] = crc;
        }

        for (int i = 0; i < shifts.Length; i++)
        {
            int lowest = i & 0xFF & -(i & 0xFF);
            int rest = (i & 0xFF) ^ lowest;
            if (rest != 0) shifts[i] = shifts[(i & ~0xFF) + lowest] ^ shifts[(i & ~0xFF) + rest];
        }

        return shifts;
    }
}
