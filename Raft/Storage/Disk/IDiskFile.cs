namespace Quorleans.Raft.Storage;

/// <summary>An open file. Positioned reads and writes may run beside each other. Methods throw <see cref="DiskException"/>.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>The name that it was opened by.</summary>
    string Name { get; }

    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads until the span is full or the file ends.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>How many bytes were read.</returns>
    int Read(long offset, Span<byte> destination);

    /// <summary>Writes all of the span; the file grows when it must.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="source">What to write.</param>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Makes what was written durable (fdatasync). Never to be tried again when it fails.</summary>
    void Sync();
}
