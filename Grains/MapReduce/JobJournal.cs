using System.Text;
using Microsoft.Extensions.Logging;
using Quorleans.Clerk;
using Quorleans.KeyValue;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Grains.MapReduce;

/// <summary>
/// The journals of jobs in the store. Every write is a transaction that holds only for the job's owner and makes the owner another one, so that it may be
/// sent again for as long as its outcome is unknown: what it finds then says whether it has happened.
/// </summary>
/// <param name="clerk">The store.</param>
/// <param name="writer">This coordinator's name in it.</param>
/// <param name="time">The clock, for pauses.</param>
/// <param name="logger">Where trouble with the store is reported.</param>
public sealed partial class JobJournal(IClerk clerk, string writer, TimeProvider time, ILogger logger)
{
    private const int DeletesPerTransaction = 100;
    private const int ReadsAtOnce = 32;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Why the store could not be used a moment ago; null when it could.</summary>
    public string? Problem { get; private set; }

    /// <summary>All jobs in the store.</summary>
    /// <param name="cancellation">Gives up.</param>
    public async Task<List<JobIndexEntry>> ReadIndexAsync(CancellationToken cancellation)
    {
        List<JobIndexEntry> entries = [];
        string? continuation = null;
        do
        {
            ScanPage page = await PersistAsync(
                token => clerk.ScanAsync(new ScanRequest { Prefix = Encoding.UTF8.GetBytes(JobKeys.IndexPrefix), Continuation = continuation }, token), cancellation);
            foreach (ScanItem item in page.Items) entries.Add(JobCodec.Decode<JobIndexEntry>(item.Value.Span));
            continuation = page.Continuation;
        }
        while (continuation is not null);
        return entries;
    }

    /// <summary>Appends a record, or creates a job, however long it takes.</summary>
    /// <param name="append">What to append.</param>
    /// <param name="cancellation">Gives up; whether it happened is then unknown.</param>
    /// <returns>False: somebody else owns the job, and it did not and will not happen.</returns>
    public async Task<bool> AppendAsync(AppendEffect append, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(append);
        byte[] owner = Key(JobKeys.Owner(append.Job)), after = JobCodec.Encode(append.After);
        Txn transaction = append.Before is { } before
            ? Txn.If(When.Value(owner, CompareOperator.Equal, JobCodec.Encode(before)))
            : Txn.If(When.Missing(JobKeys.Owner(append.Job)), When.Missing(JobKeys.Index(append.Job)));
        transaction = transaction.Then(Do.Put(owner, after), Do.Put(Key(JobKeys.Record(append.Job, append.After.Records)), append.Record)).Else(Do.Get(owner));
        if (append.Index is not null) transaction = transaction.Then(Do.Put(Key(JobKeys.Index(append.Job)), append.Index));
        TxnResult result = await PersistAsync(token => clerk.TransactAsync(transaction, token), cancellation);
        return result.Succeeded || (result.Steps[0].Found && result.Steps[0].Value.Span.SequenceEqual(after));
    }

    /// <summary>Makes this coordinator the owner of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The owner, with the job's new generation, and its journal; or that it has ended.</returns>
    /// <exception cref="InvalidDataException">The store holds less of the job than it must.</exception>
    public async Task<TakenJob> TakeAsync(string job, CancellationToken cancellation)
    {
        byte[] key = Key(JobKeys.Owner(job)), index = Key(JobKeys.Index(job));
        while (true)
        {
            GetResult found = await PersistAsync(token => clerk.GetAsync(key, token), cancellation);
            GetResult indexed = await PersistAsync(token => clerk.GetAsync(index, token), cancellation);
            if (!indexed.Found) throw new InvalidDataException($"job {job} is not in the index any more");
            JobIndexEntry entry = JobCodec.Decode<JobIndexEntry>(indexed.Value.Span);
            if (entry.View.EndedMs > 0) return new TakenJob(null, [], entry);
            if (!found.Found) throw new InvalidDataException($"job {job} runs and has no owner in the store");
            JobOwner before = JobCodec.Decode<JobOwner>(found.Value.Span);
            JobOwner after = before with { Generation = before.Generation + 1, Writer = writer };
            if (before.Writer != writer)
            {
                Txn take = Txn.If(When.Value(key, CompareOperator.Equal, found.Value)).Then(Do.Put(key, JobCodec.Encode(after))).Else(Do.Get(key));
                TxnResult taken = await PersistAsync(token => clerk.TransactAsync(take, token), cancellation);

                // It may be this coordinator's all the same, by an attempt before; the next look shows.
                if (!taken.Succeeded) continue;
            }
            else
            {
                after = before;
            }

            return new TakenJob(after, await ReadRecordsAsync(job, after.Records, cancellation), null);
        }
    }

    /// <summary>Removes the journal of a job that has ended, and notes that in the index.</summary>
    /// <param name="entry">The job as it ended.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task SweepAsync(JobIndexEntry entry, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(entry);
        string job = entry.View.Spec.Id;
        byte[] key = Key(JobKeys.Owner(job)), index = Key(JobKeys.Index(job));
        GetResult found = await PersistAsync(token => clerk.GetAsync(key, token), cancellation);
        long records = found.Found ? JobCodec.Decode<JobOwner>(found.Value.Span).Records : 0;
        for (long first = 1; first <= records; first += DeletesPerTransaction)
        {
            int count = (int)Math.Min(DeletesPerTransaction, records - first + 1);
            TransactionStep[] deletes = [.. Enumerable.Range(0, count).Select(i => Do.Delete(Key(JobKeys.Record(job, first + i))))];
            Txn delete = Txn.Of(deletes);
            await PersistAsync(token => clerk.TransactAsync(delete, token), cancellation);
        }

        Txn end = Txn.If(When.Exists(JobKeys.Index(job))).Then(Do.Put(index, JobCodec.Encode(entry with { Swept = true })), Do.Delete(key)).Else(Do.Delete(key));
        await PersistAsync(token => clerk.TransactAsync(end, token), cancellation);
    }

    /// <summary>Removes a job that ended long ago from the index.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task ForgetAsync(string job, CancellationToken cancellation) => PersistAsync(token => clerk.DeleteAsync(Key(JobKeys.Index(job)), token), cancellation);

    private async Task<List<JobEvent>> ReadRecordsAsync(string job, long records, CancellationToken cancellation)
    {
        List<JobEvent> events = [];
        for (long first = 1; first <= records; first += ReadsAtOnce)
        {
            int count = (int)Math.Min(ReadsAtOnce, records - first + 1);
            GetResult[] found = await Task.WhenAll(Enumerable.Range(0, count).Select(i => PersistAsync(token => clerk.GetAsync(Key(JobKeys.Record(job, first + i)), token), cancellation)));
            for (int i = 0; i < count; i++)
            {
                if (!found[i].Found) throw new InvalidDataException($"record {first + i} of {records} of job {job} is not in the store");
                events.AddRange(JobCodec.Decode<List<JobEvent>>(found[i].Value.Span));
            }
        }

        return events;
    }

    // Without a majority of the store's nodes there is nothing to do but to wait for one.
    private async Task<T> PersistAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellation)
    {
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                T result = await operation(cancellation);
                Problem = null;
                return result;
            }
            catch (ClerkException e) when (e.Error is ClerkError.DeadlineExceeded or ClerkError.Busy or ClerkError.DiskFull)
            {
                Problem = $"The store does not take what is to be kept: {e.Message}";
                LogStoreFails(logger, e);
                await Task.Delay(pause, time, cancellation);
            }
        }
    }

    private static byte[] Key(string key) => Encoding.UTF8.GetBytes(key);

    [LoggerMessage(30, LogLevel.Warning, "The journal of jobs cannot be written or read; it is tried again.")]
    private static partial void LogStoreFails(ILogger logger, Exception reason);
}

/// <summary>What became of taking a job over.</summary>
/// <param name="Owner">The new owner; null when the job has ended.</param>
/// <param name="Events">Its journal.</param>
/// <param name="Ended">The job as it ended; null when it has not.</param>
public sealed record TakenJob(JobOwner? Owner, IReadOnlyList<JobEvent> Events, JobIndexEntry? Ended);
