using System.Buffers.Binary;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>What goes over a worker's standard input and output: a kind, a length and so many bytes of JSON.</summary>
internal static class WorkerFrames
{
    private const int HeaderBytes = 5;

    // Orders of reduce tasks name all map tasks: 100,000 of them are some 30 MB.
    private const int MostBytes = 128 << 20;

    /// <summary>Writes a frame. Not for several threads at a time.</summary>
    public static void Write(Stream to, WorkerFrame kind, ReadOnlySpan<byte> content)
    {
        byte[] frame = new byte[HeaderBytes + content.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), content.Length);
        content.CopyTo(frame.AsSpan(HeaderBytes));
        to.Write(frame);
        to.Flush();
    }

    /// <summary>Reads a frame, or gives false at the end of the stream, also when it ends within one.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static bool TryRead(Stream from, out WorkerFrame kind, out byte[] content)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        kind = default;
        content = [];
        if (from.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes) return false;
        kind = (WorkerFrame)header[0];
        int length = BinaryPrimitives.ReadInt32LittleEndian(header[1..]);
        if (!Enum.IsDefined(kind) || length is < 0 or > MostBytes) throw new InvalidDataException($"a frame of kind {header[0]} and {length} bytes");
        content = new byte[length];
        return from.ReadAtLeast(content, length, throwOnEndOfStream: false) == length;
    }
}

/// <summary>What a frame holds.</summary>
internal enum WorkerFrame : byte
{
    /// <summary>To the worker: a <see cref="WorkerOrder"/>.</summary>
    Start = 1,

    /// <summary>To the worker: end the attempt that runs; empty.</summary>
    Stop = 2,

    /// <summary>From the worker, once: it is there; empty.</summary>
    Ready = 3,

    /// <summary>From the worker: a <see cref="TaskProgress.State"/>.</summary>
    Progress = 4,

    /// <summary>From the worker: the attempt's <see cref="Jobs.TaskOutcome"/>. It waits for the next order then.</summary>
    Outcome = 5,
}
