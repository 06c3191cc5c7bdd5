namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    private readonly SortedSet<string> _loading = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JobIndexEntry> _found = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _nodes = [];

    /// <summary>Begins with what is in the store. Jobs that run there are taken over.</summary>
    /// <param name="index">All jobs.</param>
    /// <param name="nowMs">The time.</param>
    public void Start(IReadOnlyList<JobIndexEntry> index, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(index);
        IsReady = true;
        foreach (JobIndexEntry entry in index)
        {
            string job = entry.View.Spec.Id;
            if (entry.View.EndedMs == 0)
            {
                _loading.Add(job);
                _found[job] = entry;
                Do(new TakeEffect(job));
                continue;
            }

            _history[job] = entry;

            // Trackers may still run its attempts; they learn within a lease that nobody wants them.
            if (!entry.Swept) BeginSweepLater(entry, nowMs + _options.LeaseMs);
        }

        TrimHistory();
    }

    /// <summary>A job is this coordinator's now.</summary>
    /// <param name="owner">Its owner: this coordinator, with the job's new generation.</param>
    /// <param name="events">Its journal.</param>
    /// <param name="nowMs">The time.</param>
    public void OnTaken(JobOwner owner, IReadOnlyList<JobEvent> events, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(events);
        if (HasResigned) return;
        JobState? job = null;
        foreach (JobEvent e in events)
        {
            job ??= new JobState(e.Spec!) { Owner = owner, Generation = owner.Generation, RecoverUntilMs = nowMs + _options.LeaseMs };
            job.Apply(e);
            if (e.Outcome is not { } outcome) continue;
            job.Attempts++;
            if (outcome.Failure is not null) job.Retries++;
        }

        if (job is null || !_loading.Remove(job.Spec.Id) || !_jobs.TryAdd(job.Spec.Id, job)) return;
        _found.Remove(job.Spec.Id);
        Advance(job, nowMs);
    }

    /// <summary>Somebody else has finished a job before this coordinator could take it.</summary>
    /// <param name="entry">The job as it ended.</param>
    /// <param name="nowMs">The time.</param>
    public void OnFoundEnded(JobIndexEntry entry, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (HasResigned || !_loading.Remove(entry.View.Spec.Id)) return;
        _found.Remove(entry.View.Spec.Id);
        _history[entry.View.Spec.Id] = entry;
        if (!entry.Swept) BeginSweepLater(entry, nowMs + _options.LeaseMs);
    }

    /// <summary>A job's journal cannot be read: nothing can be done for it, and others must not wait for it. What is in the store stays as it is, for people.</summary>
    /// <param name="job">The job.</param>
    /// <param name="why">Why not.</param>
    /// <param name="nowMs">The time.</param>
    public void OnUnreadable(string job, string why, long nowMs)
    {
        if (HasResigned || !_loading.Remove(job) || !_found.TryGetValue(job, out JobIndexEntry? entry)) return;
        _found.Remove(job);
        string error = Text.Cut($"The journal of job {job} cannot be read, so it cannot go on: {why}");
        _history[job] = entry with { View = entry.View with { Phase = JobPhase.Failed, Error = error, EndedMs = nowMs } };
    }

    /// <summary>Says which nodes are up: when all of them have reported, nobody else is waited for after a take-over.</summary>
    /// <param name="nodes">Their names; none: not known.</param>
    public void SetNodes(IReadOnlyList<string> nodes) => _nodes = nodes;

    private void EndRecoveries(long nowMs)
    {
        foreach (JobState job in Snapshot())
        {
            if (job.RecoverUntilMs == 0 || (nowMs < job.RecoverUntilMs && !HaveAllReported(job))) continue;
            job.RecoverUntilMs = 0;
            LoseOutputsOfTheMissing(job, nowMs);
        }
    }

    private bool HaveAllReported(JobState job)
    {
        foreach (string node in _nodes)
            if (!job.Heard.Contains(node)) return false;
        return _nodes.Count > 0;
    }

    private void LoseOutputsOfTheMissing(JobState job, long nowMs)
    {
        if (job.HasEnded || job.CommitGeneration > 0 || job.Step.IsDone) return;
        List<LostMap> lost = [];
        foreach (TaskState map in job.Step.Maps)
        {
            if (map.Output is not { } output) continue;
            bool isThere = _trackers.TryGetValue(output.Tracker, out TrackerState? tracker) && tracker.IsAlive && string.Equals(tracker.Incarnation, output.Incarnation, StringComparison.Ordinal);
            if (!isThere) lost.Add(new LostMap(map.Id.Index, output.Attempt));
        }

        EnqueueLost(job, lost, nowMs);
    }

    private void BeginSweepLater(JobIndexEntry entry, long dueMs) => _sweeps[entry.View.Spec.Id] = new Sweep { Entry = entry, DueMs = dueMs };
}
