namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    /// <summary>The places of map outputs that one answer may list: they are most of it.</summary>
    private const int MaxPlacesInAnswer = 100_000;

    /// <summary>Fills a tracker's free slots: each goes to the job with the fewest running attempts among those that have something to do, the oldest when equal.</summary>
    private void Assign(TrackerState tracker, List<TaskOrder> orders, long nowMs)
    {
        int places = 0;
        for (int free = tracker.Slots - tracker.Busy; free > 0 && places < MaxPlacesInAnswer; free--)
        {
            bool isBackup = false;
            if (FindWork(tracker) is not { } task)
            {
                if (FindSlow(tracker, nowMs) is not { } slow) return;
                (task, isBackup) = (slow, true);
            }

            TaskOrder order = Order(task.Job, task.Task, tracker, isBackup, nowMs);
            places += order.Reduce?.Maps.Count ?? 0;
            orders.Add(order);
        }
    }

    private Work? FindWork(TrackerState tracker)
    {
        Work? best = null;
        foreach (JobState job in _jobs.Values)
            if (CanBegin(job) && (best is null || job.Running < best.Value.Job.Running) && NextTask(job, tracker) is { } task) best = new Work(job, task);
        return best;
    }

    private static bool CanBegin(JobState job) =>
        !job.HasEnded && !job.IsClosing && job.CommitGeneration == 0 && job.RecoverUntilMs == 0 && !job.Step.IsDone
        && job.SubmittedMs > 0 && (job.IsPrepared || job.Step.Number > 0 || job.Step.Plan is not null);

    private TaskState? NextTask(JobState job, TrackerState tracker)
    {
        TaskKind phase = job.Step.Phase;
        if (phase == TaskKind.Plan) return job.Step.HasWaiting(phase) && !IsAvoided(job, job.Step.PlanTask, tracker) ? job.Step.PlanTask : null;
        TaskState[] tasks = phase == TaskKind.Map ? job.Step.Maps : job.Step.Reduces;
        foreach (int index in job.Step.WaitingOf(phase))
            if (!IsAvoided(job, tasks[index], tracker)) return tasks[index];
        return null;
    }

    // Where a task failed, or many tasks of the job did, it is not tried again as long as there is a better place.
    private bool IsAvoided(JobState job, TaskState task, TrackerState tracker)
    {
        if (!IsBad(job, task, tracker)) return false;
        foreach (TrackerState other in _trackers.Values)
            if (other != tracker && other.CanWork && !IsBad(job, task, other)) return true;
        return false;
    }

    private bool IsBad(JobState job, TaskState task, TrackerState tracker) => job.FailuresOn(tracker.Name) >= _options.TrackerFailures || task.HasFailedOn(tracker.Name);

    private TaskOrder Order(JobState job, TaskState task, TrackerState tracker, bool isBackup, long nowMs)
    {
        AttemptId attempt = new(job.Generation, ++task.Ordered);
        TaskOrder order = new() { Spec = job.Spec, Task = task.Id, Attempt = attempt, Secret = job.Secret };
        Add(job, task, order.Key, tracker, nowMs, isBackup);
        if (isBackup) job.Backups++;
        return task.Id.Kind switch
        {
            TaskKind.Plan => order with { Plan = new PlanOrder(job.Inputs, Slots()) },
            TaskKind.Map => order with { Map = new MapOrder(job.Step.Plan!.File, [.. task.Skip]) },
            _ => order with { Reduce = new ReduceOrder(job.Step.Plan!.File, job.Step.Outputs()) },
        };
    }

    private int Slots()
    {
        int slots = 0;
        foreach (TrackerState tracker in _trackers.Values)
            if (tracker.IsAlive) slots += tracker.Slots;
        return Math.Max(1, slots);
    }

    private readonly record struct Work(JobState Job, TaskState Task);
}
