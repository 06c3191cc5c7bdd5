using System.Buffers;

namespace Quorleans.MapReduce;

/// <summary>
/// Turns values into bytes and back. A key's codec should keep the order: keys are sorted by their bytes, and equal keys must have equal ones.
/// Called by many threads.
/// </summary>
/// <typeparam name="T">The values.</typeparam>
public interface ICodec<T>
{
    /// <summary>Appends a value.</summary>
    void Write(T value, IBufferWriter<byte> to);

    /// <summary>Reads a value, which takes all the bytes.</summary>
    T Read(ReadOnlySpan<byte> from);
}
