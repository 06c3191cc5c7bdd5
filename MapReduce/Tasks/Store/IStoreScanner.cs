namespace Quorleans.MapReduce.Tasks;

/// <summary>Reads the store for jobs whose inputs are keys. Each shard is read linearizably; there is no snapshot over shards.</summary>
public interface IStoreScanner
{
    /// <summary>All keys with a prefix and their values, in the order of the keys.</summary>
    /// <param name="prefix">The prefix; empty: all keys.</param>
    /// <param name="cancellation">Ends it.</param>
    IAsyncEnumerable<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> ScanAsync(string prefix, CancellationToken cancellation);
}
