namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    private const int MaxCounters = 1000;
    private const int MaxPlaces = 20;

    /// <summary>An attempt runs.</summary>
    /// <returns>False: it is to be stopped.</returns>
    private bool TakeProgress(TrackerState tracker, AttemptProgress progress, long nowMs)
    {
        AttemptKey key = progress.Key;
        if (_loading.Contains(key.Job)) return true;
        if (!_jobs.TryGetValue(key.Job, out JobState? job) || job.HasEnded || job.CommitGeneration > 0 || job.Step.Find(key.Task) is not { } task) return false;
        LiveAttempt? live = task.FindLive(key.Attempt);
        if (live is null)
        {
            // Of a generation before: nothing is known against it. It is as good as one that was ordered now, unless there is one.
            if (!MayAdopt(job, key) || task.Won is not null || task.Live.Count > 0) return false;
            live = Add(job, task, key, tracker, nowMs, isBackup: false);
        }

        if (live.Tracker != tracker) return false;
        if (task.Won is not null)
        {
            Drop(live, isLost: false);
            return false;
        }

        live.Progress = progress;
        if (progress.Status.Length > 0) job.Status = Text.Cut(progress.Status, 200);
        return true;
    }

    /// <summary>An attempt has ended.</summary>
    /// <returns>Whether the tracker need not say it again.</returns>
    private bool TakeOutcome(TrackerState tracker, TaskOutcome outcome, long nowMs)
    {
        AttemptKey key = outcome.Key;
        if (_loading.Contains(key.Job)) return false;
        if (!_jobs.TryGetValue(key.Job, out JobState? job) || job.HasEnded || job.CommitGeneration > 0 || job.Step.Find(key.Task) is not { } task) return true;
        LiveAttempt? live = task.FindLive(key.Attempt);
        if (live is { IsEnding: true }) return false;
        if (task.Is(key.Attempt) || task.HasFailed(key.Attempt)) return true;
        if (live is null ? !MayAdopt(job, key) : live.Tracker != tracker) return true;
        if (outcome.Failure is { Kind: TaskFailureKind.Stopped } || task.Won is not null)
        {
            if (live is not null) Drop(live, isLost: task.Won is null);
            else job.Dead.Add(key);
            return true;
        }

        // A winner is on its way, or the job's end: what this one is worth shows when that is in the store.
        if (task.IsDeciding || job.IsClosing) return false;
        live ??= Add(job, task, key, tracker, nowMs, isBackup: false);
        live.IsEnding = true;
        outcome = Check(outcome);
        if (outcome.Failure is null) EnqueueWin(job, task, tracker, outcome, nowMs);
        else EnqueueFailure(job, tracker, outcome, nowMs);
        return false;
    }

    // Of this generation every attempt that is wanted is known.
    private static bool MayAdopt(JobState job, AttemptKey key) => key.Attempt.Generation < job.Generation && !job.Dead.Contains(key);

    private void EnqueueWin(JobState job, TaskState task, TrackerState tracker, TaskOutcome outcome, long nowMs)
    {
        task.IsDeciding = true;
        JobEvent won = new() { Kind = JobEventKind.ReduceWon, AtMs = nowMs, Outcome = outcome, Tracker = tracker.Name };
        Enqueue(job, task.Id.Kind switch
        {
            TaskKind.Plan => won with { Kind = JobEventKind.PlanWon },
            TaskKind.Map => won with
            {
                Kind = JobEventKind.MapWon,
                Output = new(task.Id.Index, outcome.Key.Attempt, tracker.Name, tracker.Incarnation, tracker.Machine, tracker.Endpoint, outcome.Map!.Index, outcome.Map.SpilledBytes),
            },
            _ => won,
        }, nowMs);
    }

    private void EnqueueFailure(JobState job, TrackerState tracker, TaskOutcome outcome, long nowMs)
    {
        job.Retries++;
        TaskFailure failure = outcome.Failure!;
        if (failure is not { Kind: TaskFailureKind.MapOutputLost, LostMaps: { } maps })
        {
            Enqueue(job, new JobEvent { Kind = JobEventKind.TaskFailed, AtMs = nowMs, Outcome = outcome, Tracker = tracker.Name }, nowMs);
            return;
        }

        List<LostMap> lost = [];
        foreach (MapOutput map in maps) lost.Add(new LostMap(map.Map, map.Attempt));
        job.NoteFailure($"{outcome.Key.Task}/{outcome.Key.Attempt} on {tracker.Name}: {failure.Message}");
        outcome = outcome with { Failure = failure with { LostMaps = null } };
        Enqueue(job, new JobEvent { Kind = JobEventKind.MapsLost, AtMs = nowMs, Outcome = outcome, Tracker = tracker.Name, Lost = lost }, nowMs);
    }

    /// <summary>What comes from other processes is held to what the journal can bear; what makes no sense is a failure.</summary>
    private TaskOutcome Check(TaskOutcome outcome)
    {
        if (outcome.Failure is { } failure)
        {
            bool isOdd = failure.Kind == TaskFailureKind.MapOutputLost && (outcome.Key.Task.Kind != TaskKind.Reduce || failure.LostMaps is not { Count: > 0 });
            TaskFailureKind kind = isOdd ? TaskFailureKind.Attempt : failure.Kind;
            return outcome with { Plan = null, Map = null, Reduce = null, Counters = [], Failure = failure with { Kind = kind, Message = Text.Cut(failure.Message) } };
        }

        if (outcome.Counters.Count > MaxCounters)
            return Refuse(outcome, TaskFailureKind.Job, $"Task {outcome.Key.Task} counted under {outcome.Counters.Count} names; at most {MaxCounters} are allowed. Count under fewer names.");
        switch (outcome.Key.Task.Kind)
        {
            case TaskKind.Plan when outcome.Plan is { } plan:
                const int mostSteps = 1000;
                if (plan.Maps < 0 || plan.Reducers < 1 || plan.Steps is < 1 or > mostSteps || outcome.Key.Task.Step >= plan.Steps)
                    return Refuse(outcome, TaskFailureKind.Job, $"The application defines {plan.Steps} jobs with {plan.Maps} map and {plan.Reducers} reduce tasks; it must be 1 to {mostSteps} jobs, and 1 reduce task or more.");
                return (long)plan.Maps + plan.Reducers <= _options.MaxTasks ? outcome : Refuse(outcome, TaskFailureKind.Job,
                    $"The job would have {plan.Maps} map and {plan.Reducers} reduce tasks; at most {_options.MaxTasks} are allowed. Ask for larger splits or fewer reducers.");
            case TaskKind.Map when outcome.Map is { } map:
                List<string> places = [];
                foreach (string place in map.BadRecordPlaces)
                    if (places.Count < MaxPlaces) places.Add(Text.Cut(place, 500));
                return outcome with { Map = map with { BadRecordPlaces = places } };
            case TaskKind.Reduce when outcome.Reduce is not null:
                return outcome;
            default:
                return Refuse(outcome, TaskFailureKind.Attempt, $"Task {outcome.Key.Task} ended without saying what it made.");
        }
    }

    private static TaskOutcome Refuse(TaskOutcome outcome, TaskFailureKind kind, string why) =>
        new() { Key = outcome.Key, Failure = new TaskFailure(kind, why), Milliseconds = outcome.Milliseconds };
}
