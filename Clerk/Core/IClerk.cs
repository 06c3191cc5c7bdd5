namespace Quorleans.Clerk;

/// <summary>
/// A client of the store (the labs' Clerk). Every operation is linearizable and takes effect exactly once, whatever is retried on the
/// way. Safe for use by any number of callers at once: what they have outstanding travels together.
/// </summary>
/// <remarks>
/// Every method throws <see cref="ClerkException"/>: its <see cref="ClerkException.Outcome"/> says whether the operation surely did not
/// happen or may have. A cancelled token ends the waiting with <see cref="OperationCanceledException"/>; the outcome of a write is then unknown.
/// </remarks>
public interface IClerk
{
    /// <summary>Reads a key.</summary>
    /// <param name="key">1 to 4,096 bytes by default.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value and its version, or not found (version 0).</returns>
    Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Sets a key.</summary>
    /// <param name="key">1 to 4,096 bytes by default.</param>
    /// <param name="value">0 to 1,048,576 bytes by default. Must not change until the task is done.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value's new version.</returns>
    Task<long> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);

    /// <summary>Adds bytes to a key's value, or to the empty value when there is none.</summary>
    /// <param name="key">1 to 4,096 bytes by default.</param>
    /// <param name="value">What to add; the sum stays within the value limit or <see cref="ClerkError.ValueTooLarge"/> is thrown.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value's new version.</returns>
    Task<long> AppendAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);

    /// <summary>Removes a key.</summary>
    /// <param name="key">1 to 4,096 bytes by default.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether there was one.</returns>
    Task<bool> DeleteAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Sets a key only if its version is the expected one.</summary>
    /// <param name="key">1 to 4,096 bytes by default.</param>
    /// <param name="expectedVersion">The version it must have; 0: only if the key is missing.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether it was set, and the version that the key has now.</returns>
    Task<CompareAndSetResult> CompareAndSetAsync(
        ReadOnlyMemory<byte> key, long expectedVersion, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default);

    /// <summary>
    /// Compares keys of one shard, and depending on that runs one of two lists of operations on them, in one step: exactly once, as every write, with the first
    /// attempt's result for every retry. One that only reads is a read.
    /// </summary>
    /// <param name="transaction">Up to 128 comparisons and operations, 2 MiB, and 256 KiB of values read, by default.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Which list ran, and what each operation did.</returns>
    /// <exception cref="ClerkException">Among others <see cref="ClerkError.ManyShards"/>, which names the keys, their shards and the tag to use.</exception>
    Task<TxnResult> TransactAsync(Txn transaction, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads one page of keys in byte order. Each page is linearizable within each shard; a scan over several pages is not a snapshot.
    /// </summary>
    /// <param name="request">Which keys, and where to go on.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The page, with a continuation token when there is more.</returns>
    Task<ScanPage> ScanAsync(ScanRequest request, CancellationToken cancellationToken = default);
}
