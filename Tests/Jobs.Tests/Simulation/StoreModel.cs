using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>The keys of jobs in a linearizable store, with the transactions that the journal uses.</summary>
internal sealed class StoreModel
{
    private readonly SortedDictionary<string, Entry> _jobs = new(StringComparer.Ordinal);

    /// <summary>Whether every job there is has ended, and has nothing but its index entry left.</summary>
    public bool IsSwept => _jobs.Values.All(static entry => entry.Index is { Swept: true } && entry.Owner is null && entry.Records.Count == 0);

    /// <summary>All events of a job, also after its journal was removed.</summary>
    public IReadOnlyList<JobEvent> HistoryOf(string job) => _jobs.TryGetValue(job, out Entry? entry) ? entry.History : [];

    public JobIndexEntry? IndexOf(string job) => _jobs.GetValueOrDefault(job)?.Index;

    public JobOwner? OwnerOf(string job) => _jobs.GetValueOrDefault(job)?.Owner;

    public List<JobIndexEntry> ReadIndex() => [.. _jobs.Values.Where(static entry => entry.Index is not null).Select(static entry => entry.Index!)];

    public bool Append(AppendEffect append)
    {
        if (!_jobs.TryGetValue(append.Job, out Entry? entry)) _jobs.Add(append.Job, entry = new Entry());
        bool holds = append.Before is null ? entry.Owner is null && entry.Index is null : entry.Owner == append.Before;
        if (!holds) return entry.Owner == append.After;
        entry.Owner = append.After;
        entry.Records.Add(append.After.Records, append.Record);
        entry.History.AddRange(JobCodec.Decode<List<JobEvent>>(append.Record));
        if (append.Index is not null) entry.Index = JobCodec.Decode<JobIndexEntry>(append.Index);
        return true;
    }

    public bool Exchange(string job, JobOwner before, JobOwner after)
    {
        Entry entry = _jobs[job];
        if (entry.Owner != before) return false;
        entry.Owner = after;
        return true;
    }

    public List<JobEvent> ReadRecords(string job, long count)
    {
        List<JobEvent> events = [];
        for (long record = 1; record <= count; record++) events.AddRange(JobCodec.Decode<List<JobEvent>>(_jobs[job].Records[record]));
        return events;
    }

    public void Sweep(JobIndexEntry ended)
    {
        Entry entry = _jobs[ended.View.Spec.Id];
        entry.Records.Clear();
        entry.Owner = null;
        entry.Index = ended with { Swept = true };
    }

    private sealed class Entry
    {
        public JobOwner? Owner { get; set; }

        public JobIndexEntry? Index { get; set; }

        public SortedDictionary<long, byte[]> Records { get; } = [];

        public List<JobEvent> History { get; } = [];
    }
}
