namespace Quorleans.MapReduce.Engine;

/// <summary>What an attempt of a map task made.</summary>
/// <param name="Runs">Sorted pairs, in the order in which they were written.</param>
/// <param name="Records">How many records were read and not skipped.</param>
/// <param name="Pairs">How many pairs the mapper emitted.</param>
/// <param name="Counters">What user code counted.</param>
public sealed record MapResult(IReadOnlyList<Run> Runs, long Records, long Pairs, IReadOnlyDictionary<string, long> Counters);
