namespace Quorleans.MapReduce.Engine;

/// <summary>What one map task reads: a part of a large file, or several small files.</summary>
/// <param name="Ranges">The parts, in order.</param>
public sealed record InputSplit(IReadOnlyList<FileRange> Ranges)
{
    /// <summary>How many bytes it has.</summary>
    public long Bytes { get; } = Ranges.Sum(static range => range.Bytes);
}
