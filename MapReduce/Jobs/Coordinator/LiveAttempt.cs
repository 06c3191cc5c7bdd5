namespace Quorleans.MapReduce.Jobs;

/// <summary>An attempt that was ordered and has not ended, as far as is known. Not journaled: a coordinator that takes over learns of it by its tracker's report.</summary>
internal sealed class LiveAttempt(JobState job, TaskState task, AttemptKey key, TrackerState tracker, long startedMs, bool isBackup)
{
    public JobState Job { get; } = job;

    public TaskState Task { get; } = task;

    public AttemptKey Key { get; } = key;

    public TrackerState Tracker { get; } = tracker;

    /// <summary>When it was ordered, or first heard of.</summary>
    public long StartedMs { get; } = startedMs;

    public bool IsBackup { get; } = isBackup;

    /// <summary>How far it is; null before its first report.</summary>
    public AttemptProgress? Progress { get; set; }

    /// <summary>Its end was reported and is on its way into the journal.</summary>
    public bool IsEnding { get; set; }
}
