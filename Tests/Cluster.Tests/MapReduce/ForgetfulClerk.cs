using Quorleans.Clerk;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>A Clerk whose transactions happen, and every second one is not heard of: as when an answer is lost until the deadline.</summary>
/// <param name="clerk">The real one.</param>
internal sealed class ForgetfulClerk(IClerk clerk) : IClerk
{
    private int _transactions;

    /// <summary>How many transactions were not heard of.</summary>
    public int Forgotten { get; private set; }

    public async Task<TxnResult> TransactAsync(Txn transaction, CancellationToken cancellationToken = default)
    {
        TxnResult result = await clerk.TransactAsync(transaction, cancellationToken);
        if (++_transactions % 2 == 0) return result;
        Forgotten++;
        throw new ClerkException(ClerkError.DeadlineExceeded, OperationOutcome.Unknown, "The deadline passed.");
    }

    public Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => clerk.GetAsync(key, cancellationToken);

    public Task<long> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) => clerk.PutAsync(key, value, cancellationToken);

    public Task<long> AppendAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) => clerk.AppendAsync(key, value, cancellationToken);

    public Task<bool> DeleteAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => clerk.DeleteAsync(key, cancellationToken);

    public Task<CompareAndSetResult> CompareAndSetAsync(
        ReadOnlyMemory<byte> key, long expectedVersion, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        clerk.CompareAndSetAsync(key, expectedVersion, value, cancellationToken);

    public Task<ScanPage> ScanAsync(ScanRequest request, CancellationToken cancellationToken = default) => clerk.ScanAsync(request, cancellationToken);
}
