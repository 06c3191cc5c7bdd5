namespace Quorleans.MapReduce.Engine;

/// <summary>Where the sorted pairs of one partition lie in a run.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Bytes">How many bytes.</param>
/// <param name="Pairs">How many pairs.</param>
public readonly record struct RunSegment(long Offset, long Bytes, long Pairs);
