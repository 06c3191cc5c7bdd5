namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    private const int MaxSweeps = 5;
    private const int SweepPauseMs = 5000;
    private readonly SortedDictionary<string, JobIndexEntry> _history = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Sweep> _sweeps = new(StringComparer.Ordinal);

    /// <summary>Takes a job. It is there when it <see cref="IsInStore"/>.</summary>
    /// <param name="spec">The job; its form was checked (<see cref="JobRules"/>).</param>
    /// <param name="secret">What its tasks shall show each other (<see cref="TaskOrder.Secret"/>): chance, which there is none of in here.</param>
    /// <param name="nowMs">The time.</param>
    /// <returns>Null, or why not, for a person. The same job again is taken as often as it comes, and keeps its first secret.</returns>
    public string? Submit(JobSpec spec, string secret, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentException.ThrowIfNullOrEmpty(secret);
        if (Known(spec.Id) is { } known) return IsSame(known, spec) ? null : $"There is a job {spec.Id} already, and it is another one. Choose a new id.";
        int running = 0;
        foreach (JobSpec other in RunningJobs())
        {
            running++;
            if (string.Equals(other.Output, spec.Output, StringComparison.Ordinal)) return $"Job {other.Id} is to write {spec.Output}. Name another output, or cancel that job.";
        }

        if (running >= _options.MaxRunningJobs) return $"{running} jobs run, and no more may. Wait until one has ended, or cancel one.";
        JobState job = new(spec);
        _jobs.Add(spec.Id, job);
        Enqueue(job, new JobEvent { Kind = JobEventKind.Submitted, AtMs = nowMs, Spec = spec, Secret = secret }, nowMs);
        return null;
    }

    /// <summary>Asks for a job's end. It is over when it <see cref="HasEnded"/>.</summary>
    /// <param name="id">The job.</param>
    /// <param name="nowMs">The time.</param>
    /// <returns>Null, or why not, for a person.</returns>
    public string? Cancel(string id, long nowMs)
    {
        if (_history.ContainsKey(id)) return null;
        if (!_jobs.TryGetValue(id, out JobState? job)) return _loading.Contains(id) ? $"Job {id} is being taken over." : $"There is no job {id}.";
        job.IsCancelled = true;

        // Either it stops before its rename, or it has published; which of both shows when it has ended.
        if (job.IsWorking && job.CommitGeneration > 0) Do(new StopPublishingEffect(id));
        Advance(job, nowMs);
        return null;
    }

    // Those that are just being taken over are among them.
    private List<JobSpec> RunningJobs()
    {
        List<JobSpec> running = [];
        foreach (JobIndexEntry entry in _found.Values) running.Add(entry.View.Spec);
        foreach (JobState job in _jobs.Values)
            if (!job.HasEnded) running.Add(job.Spec);
        return running;
    }

    /// <summary>Whether a job is on its way to be known: asked for too early.</summary>
    /// <param name="id">The job.</param>
    public bool IsLoading(string id) => _loading.Contains(id);

    /// <summary>Whether a job is in the store: it goes on whatever happens to this coordinator.</summary>
    /// <param name="id">The job.</param>
    public bool IsInStore(string id) => _history.ContainsKey(id) || (_jobs.TryGetValue(id, out JobState? job) && job.SubmittedMs > 0);

    /// <summary>Whether a job has ended, and that is in the store.</summary>
    /// <param name="id">The job.</param>
    public bool HasEnded(string id) => _history.ContainsKey(id);

    /// <summary>The files and the journal of a job that ended were removed, or could not be.</summary>
    /// <param name="job">The job.</param>
    /// <param name="done">Whether nothing is left.</param>
    /// <param name="nowMs">The time.</param>
    public void OnSwept(string job, bool done, long nowMs)
    {
        if (HasResigned || !_sweeps.TryGetValue(job, out Sweep? sweep)) return;
        (sweep.IsUnderWay, sweep.DueMs) = (false, nowMs + SweepPauseMs);
        if (!done && ++sweep.Tries < MaxSweeps) return;
        _sweeps.Remove(job);
        if (done && _history.TryGetValue(job, out JobIndexEntry? entry)) _history[job] = entry with { Swept = true };
        TrimHistory();
    }

    private JobSpec? Known(string id) =>
        _history.TryGetValue(id, out JobIndexEntry? entry) ? entry.View.Spec : _jobs.TryGetValue(id, out JobState? job) ? job.Spec : null;

    // The time differs when a client tries again.
    private static bool IsSame(JobSpec one, JobSpec other) =>
        JobCodec.Encode(one with { SubmittedMs = 0 }).AsSpan().SequenceEqual(JobCodec.Encode(other with { SubmittedMs = 0 }));

    /// <summary>What the job needs next, from whatever is the case.</summary>
    private void Advance(JobState job, long nowMs)
    {
        if (HasResigned) return;
        if (job.HasEnded)
        {
            SweepWhenQuiet(job, nowMs);
            return;
        }

        // What would change a job that ends is of no use; the end must not wait behind it.
        if (job.IsClosing) job.Queue.RemoveAll(static e => e.Kind is not (JobEventKind.Submitted or JobEventKind.Published or JobEventKind.Failed or JobEventKind.Cancelled));
        Flush(job, nowMs);
        if (job.InFlight.Count > 0 || job.IsWorking || nowMs < job.RetryAtMs) return;
        if (job.CommitGeneration > 0) AdvancePublication(job, nowMs);
        else if (job.IsClosing) Enqueue(job, EndOf(job, nowMs), nowMs);
        else if (!job.IsPrepared && job.Step is { Number: 0, Plan: null }) BeginWork(job, new PrepareEffect(job.Spec));
        else if (!job.Step.IsDone) return;
        else if (job.IsLastStep) Enqueue(job, Committing(job, nowMs), nowMs);
        else Enqueue(job, new JobEvent { Kind = JobEventKind.StepBegun, AtMs = nowMs }, nowMs);
    }

    private static JobEvent EndOf(JobState job, long nowMs) => job.IsCancelled
        ? new JobEvent { Kind = JobEventKind.Cancelled, AtMs = nowMs }
        : new JobEvent { Kind = JobEventKind.Failed, AtMs = nowMs, Error = Text.Cut(job.Failure!) };

    private void End(JobState job, JobEvent e, long nowMs)
    {
        job.Queue.Clear();
        _history[job.Spec.Id] = new JobIndexEntry { View = FinalView(job, e) };
        Do(new ChangedEffect(job.Spec.Id));
        foreach (TrackerState tracker in _trackers.Values)
            if (tracker.IsAlive && job.StoppingOn.Contains(tracker.Name)) Poke(tracker);
        SweepWhenQuiet(job, nowMs);
    }

    // Attempts that are being stopped may still write into the staging folder; their trackers say when they do not.
    private void SweepWhenQuiet(JobState job, long nowMs)
    {
        if (job.StoppingOn.Count > 0 || !_jobs.Remove(job.Spec.Id)) return;
        BeginSweep(_history[job.Spec.Id], nowMs);
    }

    private void BeginSweep(JobIndexEntry entry, long dueMs)
    {
        _sweeps[entry.View.Spec.Id] = new Sweep { Entry = entry, DueMs = dueMs };
        RetrySweeps(dueMs);
    }

    private void RetrySweeps(long nowMs)
    {
        foreach (Sweep sweep in _sweeps.Values)
        {
            if (sweep.IsUnderWay || nowMs < sweep.DueMs) continue;
            sweep.IsUnderWay = true;
            Do(new SweepEffect(sweep.Entry));
        }
    }

    private void TrimHistory()
    {
        int over = _history.Count - _options.MaxHistory;
        if (over <= 0) return;
        List<string> oldest = [];
        foreach ((string id, JobIndexEntry entry) in _history)
        {
            if (oldest.Count == over) break;
            if (entry.Swept) oldest.Add(id);
        }

        foreach (string id in oldest)
        {
            _history.Remove(id);
            Do(new ForgetEffect(id));
        }
    }

    private sealed class Sweep
    {
        public required JobIndexEntry Entry { get; init; }

        public long DueMs { get; set; }

        public int Tries { get; set; }

        public bool IsUnderWay { get; set; }
    }
}
