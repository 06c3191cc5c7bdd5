namespace Quorleans.KeyValue.Store;

/// <summary>How much a store holds.</summary>
/// <param name="Keys">Keys that have a value.</param>
/// <param name="Bytes">Bytes of all keys and values.</param>
/// <param name="Sessions">Sessions, one for each client and shard.</param>
/// <param name="Results">Results kept for retries.</param>
public readonly record struct KeyValueStatistics(long Keys, long Bytes, long Sessions, long Results);
