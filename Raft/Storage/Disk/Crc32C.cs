using System.Numerics;
using System.Runtime.InteropServices;

namespace Quorleans.Raft.Storage;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction where there is one.</summary>
internal static class Crc32C
{
    /// <summary>Continues a checksum over more bytes. Start with a salt, or with <see cref="uint.MaxValue"/>.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (byte one in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}
