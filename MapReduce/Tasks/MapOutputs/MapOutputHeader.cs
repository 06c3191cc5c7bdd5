using System.Buffers.Binary;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tasks;

/// <summary>
/// What an answer begins with: for each map output the runs that have something, with sizes. Then follow their segments, one behind the
/// other. Map outputs never change, so the same request always has the same answer, and can go on in the middle.
/// </summary>
internal static class MapOutputHeader
{
    /// <summary>The length of the header itself, which comes first.</summary>
    public const int LengthBytes = 4;

    private const int MostBytes = 64 << 20;

    public static byte[] Write(IReadOnlyList<IReadOnlyList<Run>> outputs, int partition)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(0);
        foreach (IReadOnlyList<Run> runs in outputs)
        {
            writer.Write7BitEncodedInt(runs.Count);
            foreach (Run run in runs)
            {
                writer.Write7BitEncodedInt64(run.Segments[partition].Bytes);
                writer.Write7BitEncodedInt64(run.Segments[partition].Pairs);
            }
        }

        writer.Flush();
        writer.Write(Crc32C.Append(0, bytes.GetBuffer().AsSpan(LengthBytes, (int)bytes.Length - LengthBytes)));
        writer.Flush();
        byte[] header = bytes.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(header, header.Length);
        return header;
    }

    /// <summary>The runs in a file that holds a whole answer, for each map output.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static IReadOnlyList<IReadOnlyList<Run>> Read(string path, int outputs, int partition)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] header = ReadWhole(file, path);
        List<IReadOnlyList<Run>> all = [];
        long offset = header.Length;
        int at = LengthBytes;
        try
        {
            for (int i = 0; i < outputs; i++)
            {
                List<Run> runs = [];
                for (ulong left = Varint.Read(header, ref at); left > 0; left--)
                {
                    long size = (long)Varint.Read(header, ref at);
                    runs.Add(new Run(path, new OneSegment(partition, new RunSegment(offset, size, (long)Varint.Read(header, ref at)))));
                    offset += size;
                }

                all.Add(runs);
            }
        }
        catch (IndexOutOfRangeException e)
        {
            throw new InvalidDataException($"the header of {path} is damaged", e);
        }

        return offset == file.Length ? all : throw new InvalidDataException($"{path} has {file.Length} bytes instead of {offset}");
    }

    private static byte[] ReadWhole(FileStream file, string path)
    {
        byte[] length = new byte[LengthBytes];
        if (file.ReadAtLeast(length, LengthBytes, throwOnEndOfStream: false) < LengthBytes) throw new InvalidDataException($"{path} has no header");
        int size = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (size is < LengthBytes + 4 or > MostBytes || size > file.Length) throw new InvalidDataException($"the header of {path} claims to have {size} bytes");
        byte[] header = new byte[size];
        length.CopyTo(header, 0);
        file.ReadExactly(header.AsSpan(LengthBytes));
        return Crc32C.Append(0, header.AsSpan(LengthBytes, size - LengthBytes - 4)) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(size - 4))
            ? header
            : throw new InvalidDataException($"the checksum of the header of {path} is wrong");
    }
}
