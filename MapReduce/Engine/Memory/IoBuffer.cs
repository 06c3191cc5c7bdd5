using System.Buffers;

namespace Quorleans.MapReduce.Engine;

/// <summary>A buffer for reading or writing files that grows with the longest record; what is not unusually long is used again by later tasks.</summary>
internal sealed class IoBuffer : IDisposable
{
    private const int LongestKept = 4 << 20;

    /// <param name="bytes">How long it is at least.</param>
    public IoBuffer(int bytes) => Bytes = Take(bytes);

    /// <summary>The buffer. Another one after it has grown; empty after it was disposed of.</summary>
    public byte[] Bytes { get; private set; }

    /// <summary>Makes it longer.</summary>
    /// <param name="bytes">How long at least; it doubles at least.</param>
    /// <param name="used">How much of what is in it is kept.</param>
    public void Grow(long bytes, int used)
    {
        byte[] old = Bytes;
        Bytes = Take((int)Math.Min(Array.MaxLength, Math.Max(bytes, old.Length * 2L)));
        old.AsSpan(0, used).CopyTo(Bytes);
        Give(old);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] old = Bytes;
        Bytes = [];
        Give(old);
    }

    private static byte[] Take(int bytes) => bytes <= LongestKept ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);

    private static void Give(byte[] bytes)
    {
        if (bytes.Length is > 0 and <= LongestKept) ArrayPool<byte>.Shared.Return(bytes);
    }
}
