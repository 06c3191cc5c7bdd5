using System.Text;
using Quorleans.Clerk;

namespace Quorleans.Client.Workload;

/// <summary>One caller: does one operation after another and records each when it ends.</summary>
internal sealed class WorkloadClient(
    IClerk clerk, HistoryWriter history, WorkloadTally tally, MonotonicClock clock, WorkloadOptions options, UniqueValues values, Random random)
{
    // After a failure, so that a cluster that refuses at once is not asked in a busy loop.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly WorkloadTransactions _transactions = new(clerk, options, values, random);
    private int _client = tally.NewClient();

    /// <summary>Works until the time is up. Errors do not end it.</summary>
    public async Task RunAsync(long endNs, CancellationToken cancellationToken)
    {
        while (clock.NowNs < endNs && !cancellationToken.IsCancellationRequested)
        {
            bool isTransaction = options.TxnPercent > 0 && random.Next(100) < options.TxnPercent;
            OperationKind kind = isTransaction ? OperationKind.Txn : options.Mix.Pick(random);
            string key = options.KeyName(random.Next(options.Keys));
            if (!await DoAsync(kind, key, cancellationToken)) await PauseAsync(cancellationToken);
        }
    }

    /// <summary>Deletes keys that an earlier run left, as operations of the history, which so begins with empty keys.</summary>
    /// <returns>Whether all are gone.</returns>
    public async Task<bool> ClearAsync(IEnumerable<string> keys, long endNs, CancellationToken cancellationToken)
    {
        foreach (string key in keys)
        {
            while (!await DoAsync(OperationKind.Delete, key, cancellationToken))
            {
                if (clock.NowNs >= endNs || cancellationToken.IsCancellationRequested) return false;
                await PauseAsync(cancellationToken);
            }
        }

        return true;
    }

    private async Task<bool> DoAsync(OperationKind kind, string key, CancellationToken cancellationToken)
    {
        byte[] keyBytes = Encoding.UTF8.GetBytes(key);
        string value = kind is OperationKind.Get or OperationKind.Delete or OperationKind.Txn ? "" : values.Next();
        byte[] valueBytes = Encoding.UTF8.GetBytes(value);
        OperationRecord record = new(_client, kind, key, value, null, null, true, clock.NowNs, 0);
        bool mayHaveHappened = kind is not (OperationKind.Cas or OperationKind.Txn);
        try
        {
            switch (kind)
            {
                case OperationKind.Get:
                    record = record with { Output = Text(await clerk.GetAsync(keyBytes, cancellationToken)) };
                    break;
                case OperationKind.Put:
                    await clerk.PutAsync(keyBytes, valueBytes, cancellationToken);
                    break;
                case OperationKind.Append:
                    await clerk.AppendAsync(keyBytes, valueBytes, cancellationToken);
                    break;
                case OperationKind.Delete:
                    await clerk.DeleteAsync(keyBytes, cancellationToken);
                    break;
                case OperationKind.Txn:
                    (Txn transaction, RecordedTransaction recorded) = await _transactions.NextAsync(cancellationToken);
                    record = record with { Key = Encoding.UTF8.GetString(recorded.Then[0].Key.Span), Transaction = recorded, CallNs = clock.NowNs };
                    mayHaveHappened = true;
                    TxnResult result = await clerk.TransactAsync(transaction, cancellationToken);
                    record = record with { Ok = result.Succeeded, Transaction = recorded with { Result = result } };
                    break;
                case OperationKind.Cas:
                    // A cas begins with its compare-and-set: the read before it only tells what to expect.
                    GetResult seen = await clerk.GetAsync(keyBytes, cancellationToken);
                    record = record with { Expected = Text(seen), CallNs = clock.NowNs };
                    while (true)
                    {
                        mayHaveHappened = true;
                        if ((await clerk.CompareAndSetAsync(keyBytes, seen.Version, valueBytes, cancellationToken)).Succeeded) break;

                        // It surely did not match. What is there now is read in the same operation: since values are unique another
                        // version means another value, except that a key may be missing again, and then it is tried again.
                        mayHaveHappened = false;
                        seen = await clerk.GetAsync(keyBytes, cancellationToken);
                        if (Text(seen) == record.Expected) continue;
                        record = record with { Ok = false, Output = Text(seen) };
                        break;
                    }

                    break;
            }
        }
        catch (ClerkException e) when (e.Outcome == OperationOutcome.DidNotHappen)
        {
            tally.Refused();
            return false;
        }
#pragma warning disable CA1031 // Whatever goes wrong, the workload goes on; that the outcome is unknown is always true.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (mayHaveHappened) RecordUnknown(record);
            else tally.Refused();
            return false;
        }

        long now = clock.NowNs;
        history.Record(record with { ReturnNs = now });
        tally.Succeeded(now);
        return true;
    }

    private static string? Text(GetResult result) => result.Found ? Encoding.UTF8.GetString(result.Value.Span) : null;

    private void RecordUnknown(OperationRecord record)
    {
        history.Record(record with { Output = null, Ok = null, ReturnNs = clock.NowNs });
        tally.Unknown();

        // The operation may still take effect, so whoever goes on is somebody else.
        _client = tally.NewClient();
    }

    private async Task PauseAsync(CancellationToken cancellationToken) =>
        await Task.Delay(Pause, clock.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
