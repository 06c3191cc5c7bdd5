namespace Quorleans.MapReduce.Engine;

/// <summary>
/// A file of sorted pairs: for each partition a segment of blocks. A block is a checksum, a length and pairs; the checksum covers the
/// partition and the block's number too, so that a block in a wrong place is noticed.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Segments">One for each partition.</param>
public sealed record Run(string Path, IReadOnlyList<RunSegment> Segments)
{
    /// <summary>CRC-32C and length, 4 bytes each.</summary>
    internal const int BlockHeaderBytes = 8;

    /// <summary>A block is closed when it has at least this much; only a longer pair makes it larger than twice that.</summary>
    internal const int BlockBytes = 64 * 1024;

    /// <summary>What is read of a run at a time when memory is scarce: no less than a block.</summary>
    internal const int LeastReadBytes = 128 * 1024;

    /// <summary>What is read of a run at a time at most.</summary>
    internal const int MostReadBytes = 512 * 1024;

    /// <summary>How many bytes the file has.</summary>
    public long Bytes { get; } = Segments.Sum(static segment => segment.Bytes);
}
