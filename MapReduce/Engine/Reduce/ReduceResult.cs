namespace Quorleans.MapReduce.Engine;

/// <summary>What an attempt of a reduce task made.</summary>
/// <param name="Path">The output file.</param>
/// <param name="Groups">How many different keys there were.</param>
/// <param name="Records">How many records were written.</param>
/// <param name="Bytes">The output's size.</param>
/// <param name="Counters">What user code counted.</param>
public sealed record ReduceResult(string Path, long Groups, long Records, long Bytes, IReadOnlyDictionary<string, long> Counters);
