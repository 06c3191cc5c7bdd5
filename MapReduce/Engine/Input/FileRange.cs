namespace Quorleans.MapReduce.Engine;

/// <summary>A part of a file: all records that begin in it.</summary>
/// <param name="Path">The file's full path.</param>
/// <param name="Start">The first byte.</param>
/// <param name="End">The byte behind the last.</param>
public sealed record FileRange(string Path, long Start, long End)
{
    /// <summary>How many bytes it has.</summary>
    public long Bytes => End - Start;
}
