namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    private const int MinSiblings = 3;
    private const double SlowFactor = 1.5;
    private const int TasksPerBackup = 10;

    /// <summary>
    /// A task whose attempt will take much longer than its siblings did, so that a second one elsewhere is likely to be done first. Never one that is younger than
    /// <see cref="CoordinatorOptions.BackupAfterMs"/>, nor before there are siblings to compare with: a short or healthy run has none.
    /// </summary>
    private Work? FindSlow(TrackerState tracker, long nowMs)
    {
        Work? slowest = null;
        double longest = 0;
        foreach (JobState job in _jobs.Values)
        {
            if (!CanBegin(job) || !job.Spec.Backups || job.Step.Phase == TaskKind.Plan || job.Step.HasWaiting(job.Step.Phase)) continue;
            TaskState[] tasks = job.Step.Phase == TaskKind.Map ? job.Step.Maps : job.Step.Reduces;
            List<long> durations = job.Step.DurationsOf(job.Step.Phase);
            if (job.RunningBackups >= Math.Max(1, tasks.Length / TasksPerBackup)) continue;
            if (durations.Count == 0 || (durations.Count < MinSiblings && durations.Count * 2 < tasks.Length)) continue;
            double limit = SlowFactor * MedianOf(durations);
            foreach (TrackerState other in _trackers.Values)
            {
                if (other == tracker) continue;
                foreach (LiveAttempt live in other.Attempts)
                {
                    if (live.Job != job || live.IsEnding || live.Task.Live.Count > 1 || live.Task.IsDeciding || live.Task.Id.Kind != job.Step.Phase) continue;
                    if (nowMs - live.StartedMs < _options.BackupAfterMs || IsAvoided(job, live.Task, tracker)) continue;
                    double rest = RestOf(live, nowMs);
                    if (rest > limit && rest > longest) (slowest, longest) = (new Work(job, live.Task), rest);
                }
            }
        }

        return slowest;
    }

    // By the share that is done so far. What has not moved at all may never end.
    private static double RestOf(LiveAttempt live, long nowMs)
    {
        double fraction = Math.Clamp(live.Progress?.Fraction ?? 0, 0, 1);
        return fraction == 0 ? double.MaxValue : (nowMs - live.StartedMs) * (1 - fraction) / fraction;
    }

    private static long MedianOf(List<long> values)
    {
        List<long> sorted = [.. values];
        sorted.Sort();
        return sorted[sorted.Count / 2];
    }
}
