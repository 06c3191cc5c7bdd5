using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Workload;

/// <summary>Makes up transactions over keys of one tag. Every branch reads all of them, so that a checker sees what was there.</summary>
internal sealed class WorkloadTransactions(IClerk clerk, WorkloadOptions options, UniqueValues values, Random random)
{
    /// <summary>The next transaction.</summary>
    /// <returns>It, and how a history has it.</returns>
    public async Task<(Txn Transaction, RecordedTransaction Record)> NextAsync(CancellationToken cancellationToken)
    {
        string[] keys = options.KeysOfOneTag(random);
        string first = keys[random.Next(keys.Length)], second = keys[random.Next(keys.Length)];
        TransactionStep[] reads = [.. keys.Select(Do.Get)];
        TransactionStep[] writes =
        [
            random.Next(6) == 0 ? Do.Delete(first) : Do.Put(first, values.Next()), Do.Append(second, values.Next()), .. reads,
        ];
        switch (random.Next(4))
        {
            case 0: return (Txn.Of(reads), new RecordedTransaction([], reads, []));
            case 1: return (Txn.Of(writes), new RecordedTransaction([], writes, []));
        }

        // The read before it only tells what to expect.
        IReadOnlyList<TxnStepResult> seen = (await clerk.TransactAsync(Txn.Of(reads), cancellationToken)).Steps;
        int a = Array.IndexOf(keys, first), b = Array.IndexOf(keys, second);
        return (
            Txn.If(When.Version(first, seen[a].Version), When.Version(second, seen[b].Version)).Then(writes).Else(reads),
            new RecordedTransaction([(first, seen[a].Text), (second, seen[b].Text)], writes, reads));
    }
}
