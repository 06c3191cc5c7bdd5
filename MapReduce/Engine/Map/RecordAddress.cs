namespace Quorleans.MapReduce.Engine;

/// <summary>Where a record lies.</summary>
/// <param name="Path">The input file.</param>
/// <param name="Position">The offset in bytes at which it begins.</param>
public readonly record struct RecordAddress(string Path, long Position);
