using System.Buffers;
using System.IO.Pipelines;

namespace Quorleans.Client.Interactive;

/// <summary>Reads a stream line by line, as bytes, so that invalid text is seen and not repaired.</summary>
internal static class ScriptLines
{
    /// <summary>The lines without their ends.</summary>
    /// <exception cref="ClientException">A line is longer than the limit.</exception>
    public static async IAsyncEnumerable<byte[]> ReadAsync(Stream input, int lineBytesMax)
    {
        PipeReader reader = PipeReader.Create(input);
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (TryTakeLine(ref buffer, read.IsCompleted, out byte[] line)) yield return line;
            if (read.IsCompleted) break;
            if (buffer.Length > lineBytesMax) throw ClientException.Usage($"a line of the script is longer than {lineBytesMax} bytes");
            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await reader.CompleteAsync();
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool last, out byte[] line)
    {
        line = [];
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = Trim(buffer.Slice(0, end));
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        if (!last || buffer.IsEmpty) return false;
        line = Trim(buffer);
        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private static byte[] Trim(ReadOnlySequence<byte> line)
    {
        byte[] bytes = line.ToArray();
        return bytes is [.. byte[] text, (byte)'\r'] ? text : bytes;
    }
}
