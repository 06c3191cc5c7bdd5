namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    private const int MaxRecordEvents = 1000;
    private const int MaxRecordBytes = 256 << 10;

    /// <summary>An append is in the store.</summary>
    /// <param name="job">The job.</param>
    /// <param name="record">The record's number.</param>
    /// <param name="nowMs">The time.</param>
    public void OnAppended(string job, long record, long nowMs)
    {
        if (HasResigned || !_jobs.TryGetValue(job, out JobState? state) || state.InFlight.Count == 0 || state.Owner!.Records != record) return;
        List<JobEvent> events = [.. state.InFlight];
        state.InFlight.Clear();
        foreach (JobEvent e in events) Apply(state, e, nowMs);
        Advance(state, nowMs);
        PokeIdle();
    }

    /// <summary>An append was refused for good: somebody else owns the job. This coordinator ends.</summary>
    /// <param name="job">The job.</param>
    public void OnFenced(string job)
    {
        if (HasResigned) return;
        HasResigned = true;
        _effects.Clear();
        Do(new ResignEffect(job));
    }

    private void Enqueue(JobState job, JobEvent e, long nowMs)
    {
        job.Queue.Add(e);
        Flush(job, nowMs);
    }

    // One append at a time: what happens while it is on its way gathers for the next.
    private void Flush(JobState job, long nowMs)
    {
        if (job.InFlight.Count > 0 || job.Queue.Count == 0) return;
        int count = 0;
        for (int bytes = 0; count < job.Queue.Count && count < MaxRecordEvents && bytes < MaxRecordBytes; count++) bytes += SizeOf(job.Queue[count]);
        job.InFlight.AddRange(job.Queue.GetRange(0, count));
        job.Queue.RemoveRange(0, count);
        JobOwner? before = job.Owner;
        JobOwner after = new(job.Generation, _writer, (before?.Records ?? 0) + 1);
        job.Owner = after;
        JobIndexEntry? index = null;
        foreach (JobEvent e in job.InFlight) index = IndexAfter(job, e, nowMs) ?? index;
        Do(new AppendEffect(job.Spec.Id, before, after, JobCodec.Encode(job.InFlight), index is null ? null : JobCodec.Encode(index)));
    }

    // Only outcomes can be long; most are not, and are not worth a look.
    private static int SizeOf(JobEvent e)
    {
        const int small = 1024;
        bool isLong = e.Outcome is { } outcome && (outcome.Counters.Count > 0 || outcome.Failure is not null || outcome.Map is { BadRecordPlaces.Count: > 0 });
        return isLong || e.Spec is not null || e.Lost.Count > 0 ? JobCodec.Encode(e).Length + small : small;
    }

    private static JobIndexEntry? IndexAfter(JobState job, JobEvent e, long nowMs) => e.Kind switch
    {
        JobEventKind.Submitted => new JobIndexEntry { View = ViewOf(job, nowMs) },
        JobEventKind.Published or JobEventKind.Failed or JobEventKind.Cancelled => new JobIndexEntry { View = FinalView(job, e) },
        _ => null,
    };

    private void Apply(JobState job, JobEvent e, long nowMs)
    {
        job.Apply(e);
        if (e.Outcome is { } outcome && job.Step.Find(outcome.Key.Task) is { } task && task.FindLive(outcome.Key.Attempt) is { } live) Remove(live);
        switch (e.Kind)
        {
            case JobEventKind.Submitted:
                Do(new ChangedEffect(job.Spec.Id));
                break;
            case JobEventKind.StepBegun or JobEventKind.Committing:
                // Maps that ran again for reduce tasks which then did without.
                StopAll(job);
                break;
            case JobEventKind.Published or JobEventKind.Failed or JobEventKind.Cancelled:
                StopAll(job);
                End(job, e, nowMs);
                break;
        }
    }
}
