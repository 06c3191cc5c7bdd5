using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>A small file that is written once and checked when it is read: its bytes, then their CRC-32C and a mark.</summary>
internal static class SealedFile
{
    private const uint Mark = 0x31524D51;
    private const int TrailerBytes = 8;

    public static void Write(string path, ReadOnlySpan<byte> bytes, bool durable)
    {
        WorkFiles files = new(Path.GetDirectoryName(path)!);
        byte[] content = new byte[bytes.Length + TrailerBytes];
        bytes.CopyTo(content);
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(bytes.Length), Crc32C.Append(0, bytes));
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(bytes.Length + 4), Mark);
        using SafeFileHandle file = files.Create(path);
        files.Write(file, path, content, 0);
        if (durable) DurableFiles.Sync(file, path);
    }

    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static ReadOnlyMemory<byte> Read(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        int length = content.Length - TrailerBytes;
        if (length < 0 || BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(length + 4)) != Mark)
            throw new InvalidDataException($"{path} is cut off, or was not written by this program");
        if (Crc32C.Append(0, content.AsSpan(0, length)) != BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(length)))
            throw new InvalidDataException($"the checksum of {path} is wrong");
        return content.AsMemory(0, length);
    }
}
