namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    /// <summary>A job as it stands, or null.</summary>
    /// <param name="id">The job.</param>
    /// <param name="nowMs">The time.</param>
    public JobView? Find(string id, long nowMs) =>
        _history.TryGetValue(id, out JobIndexEntry? entry) ? entry.View : _jobs.TryGetValue(id, out JobState? job) && job.SubmittedMs > 0 ? ViewOf(job, nowMs) : null;

    /// <summary>The newest jobs, newest first.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="nowMs">The time.</param>
    public IReadOnlyList<JobView> List(int most, long nowMs)
    {
        List<JobView> views = [];
        foreach (JobIndexEntry entry in _history.Values) views.Add(entry.View);
        foreach (JobState job in _jobs.Values)
            if (!job.HasEnded && job.SubmittedMs > 0) views.Add(ViewOf(job, nowMs));
        views.Sort(static (one, other) => string.CompareOrdinal(other.Spec.Id, one.Spec.Id));
        return views.Count <= most ? views : views.GetRange(0, Math.Max(0, most));
    }

    /// <summary>How many jobs that ended are known.</summary>
    public int EndedJobs => _history.Count;

    /// <summary>The trackers whose leases hold, by name.</summary>
    public IReadOnlyList<string> LiveTrackers()
    {
        List<string> names = [];
        foreach (TrackerState tracker in _trackers.Values)
            if (tracker.IsAlive) names.Add(tracker.Name);
        return names;
    }

    /// <summary>The trackers, for people.</summary>
    public IReadOnlyList<string> DescribeTrackers()
    {
        List<string> lines = [];
        foreach (TrackerState tracker in _trackers.Values)
            lines.Add(tracker.IsAlive ? $"{tracker.Name}: {tracker.Busy} of {tracker.Slots} slots busy" : $"{tracker.Name}: lost");
        return lines;
    }

    private static JobView FinalView(JobState job, JobEvent end) => ViewOf(job, end.AtMs) with
    {
        Phase = JobState.PhaseOf(end.Kind), Error = end.Error, EndedMs = end.AtMs, Running = 0, Milliseconds = Math.Max(0, end.AtMs - job.SubmittedMs),
    };

    private static JobView ViewOf(JobState job, long nowMs)
    {
        StepState step = job.Step;
        StepTotals totals = step.Totals;
        (long mapped, long records, long reduced, long written) = (totals.InputBytes, totals.Records, totals.ReducedPairs, totals.OutputBytes);
        double parts = step.ReducesDone;
        foreach (TaskState task in RunningOf(step))
        {
            AttemptProgress? best = null;
            foreach (LiveAttempt live in task.Live)
                if (live.Progress is { } progress && (best is null || progress.Bytes > best.Bytes)) best = progress;
            if (best is null || task.Counted is not null) continue;
            if (task.Id.Kind == TaskKind.Map) (mapped, records) = (mapped + best.Bytes, records + best.Records);
            else if (task.Id.Kind == TaskKind.Reduce) (reduced, written, parts) = (reduced + best.Records, written + best.Bytes, parts + Math.Clamp(best.Fraction, 0, 1));
        }

        return new JobView
        {
            Spec = job.Spec, Phase = PhaseOf(job), Error = job.Error ?? job.Failure, Step = step.Number, Steps = step.Plan?.Steps ?? Math.Max(1, step.Number + 1), Name = step.Plan?.Name ?? "",
            Generation = job.Generation, EndedMs = job.EndedMs, Milliseconds = job.SubmittedMs == 0 ? 0 : Math.Max(0, nowMs - job.SubmittedMs), InputFiles = step.Plan?.InputFiles ?? 0,
            InputBytes = step.Plan?.InputBytes ?? 0, MappedBytes = mapped, Records = records, BadRecords = job.BadRecords(), Pairs = totals.Pairs, ReducedPairs = reduced,
            SpilledBytes = totals.SpilledBytes, OutputBytes = written, Maps = step.Maps.Length, MapsDone = step.MapsDone, Reduces = step.Reduces.Length, ReducesDone = step.ReducesDone, Reduced = step.Reduces.Length == 0 ? 0 : parts / step.Reduces.Length,
            Running = job.Running, Attempts = job.Attempts, Retries = job.Retries, Backups = job.Backups, Counters = totals.Counters(), Status = job.Status, Failures = [.. job.Failures],
        };
    }

    private static List<TaskState> RunningOf(StepState step)
    {
        List<TaskState> running = [];
        foreach (TaskState task in step.Maps)
            if (task.Live.Count > 0) running.Add(task);
        foreach (TaskState task in step.Reduces)
            if (task.Live.Count > 0) running.Add(task);
        return running;
    }

    private static JobPhase PhaseOf(JobState job) =>
        job.EndedAs ?? (job.CommitGeneration > 0 ? JobPhase.Committing
        : job.Step.Plan is null ? job is { Attempts: 0, Step.Number: 0, Running: 0 } ? JobPhase.Waiting : JobPhase.Planning
        : job.Step.IsMapped ? JobPhase.Reducing : JobPhase.Mapping);
}
