namespace Quorleans.MapReduce.Jobs;

public sealed partial class CoordinatorCore
{
    /// <summary>A tracker's heartbeat.</summary>
    /// <param name="report">What it says.</param>
    /// <param name="nowMs">The time.</param>
    /// <returns>The answer.</returns>
    public TrackerOrders OnReport(TrackerReport report, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(report);
        TrackerOrders nothing = new() { LeaseMs = _options.LeaseMs, HeartbeatMs = _options.HeartbeatMs };
        if (HasResigned || !IsReady || Recognize(report, nowMs) is not { } tracker) return nothing;
        List<TaskOrder> start = [];
        List<AttemptKey> stop = [], acknowledged = [];
        HashSet<AttemptKey> said = [];
        foreach (TaskOutcome outcome in report.Ended)
            if (said.Add(outcome.Key) && TakeOutcome(tracker, outcome, nowMs)) acknowledged.Add(outcome.Key);
        foreach (AttemptProgress progress in report.Running)
            if (said.Add(progress.Key) && !TakeProgress(tracker, progress, nowMs)) stop.Add(progress.Key);

        // Ordered in an answer that did not arrive, or ended in a way that the tracker does not remember.
        foreach (LiveAttempt live in tracker.Attempts.ToArray())
            if (!live.IsEnding && !said.Contains(live.Key)) Drop(live, isLost: true);
        NoteQuiet(tracker, report);
        List<string> forget = [];
        foreach (string job in report.Jobs)
            if (!_loading.Contains(job) && (!_jobs.TryGetValue(job, out JobState? state) || state.HasEnded)) forget.Add(job);
        EndRecoveries(nowMs);
        Assign(tracker, start, nowMs);
        tracker.Busy = report.Running.Count + start.Count;
        foreach (JobState job in Snapshot()) Advance(job, nowMs);
        PokeIdle();
        return nothing with { Start = start, Stop = stop, Acknowledged = acknowledged, Forget = forget };
    }

    // Null: the report is older than one that was heard, and says nothing new.
    private TrackerState? Recognize(TrackerReport report, long nowMs)
    {
        if (!_trackers.TryGetValue(report.Tracker, out TrackerState? tracker)) _trackers.Add(report.Tracker, tracker = new TrackerState(report.Tracker));
        if (tracker.Past.Contains(report.Incarnation)) return null;
        if (!string.Equals(tracker.Incarnation, report.Incarnation, StringComparison.Ordinal))
        {
            if (tracker.Incarnation.Length > 0)
            {
                Lose(tracker, nowMs);
                tracker.Past.Add(tracker.Incarnation);
            }

            (tracker.Incarnation, tracker.Sequence) = (report.Incarnation, -1);
        }

        if (report.Sequence <= tracker.Sequence) return null;
        (tracker.Sequence, tracker.Machine, tracker.Endpoint, tracker.Slots) = (report.Sequence, report.Machine, report.Endpoint, Math.Max(0, report.Slots));
        (tracker.LeaseUntilMs, tracker.IsAlive, tracker.IsPoked, tracker.Busy) = (nowMs + _options.LeaseMs, true, false, report.Running.Count);
        foreach (JobState job in _jobs.Values)
            if (job.RecoverUntilMs > 0) job.Heard.Add(tracker.Name);
        return tracker;
    }

    /// <summary>A tracker's lease has ended, or another start of it has come: nothing that it ran or held counts any more.</summary>
    private void Lose(TrackerState tracker, long nowMs)
    {
        tracker.IsAlive = false;
        foreach (LiveAttempt live in tracker.Attempts.ToArray())
        {
            // What has ended before is in the journal, or on its way there.
            if (live.IsEnding) continue;
            live.Job.NoteFailure($"{live.Key.Task}/{live.Key.Attempt} on {tracker.Name}: the node was not heard of for {_options.LeaseMs} ms, or began anew");
            Drop(live, isLost: true);
        }

        foreach (JobState job in Snapshot())
        {
            if (job.RecoverUntilMs == 0) LoseOutputs(job, tracker.Name, tracker.Incarnation, nowMs);
            if (job.StoppingOn.Remove(tracker.Name)) Advance(job, nowMs);
        }
    }

    /// <summary>Map outputs of a tracker that is gone are made again, unless nobody needs them any more.</summary>
    private void LoseOutputs(JobState job, string tracker, string incarnation, long nowMs)
    {
        if (job.HasEnded || job.CommitGeneration > 0 || job.Step.IsDone) return;
        List<LostMap> lost = [];
        foreach (TaskState map in job.Step.Maps)
            if (map.Output is { } output && string.Equals(output.Tracker, tracker, StringComparison.Ordinal) && string.Equals(output.Incarnation, incarnation, StringComparison.Ordinal))
                lost.Add(new LostMap(map.Id.Index, output.Attempt));
        EnqueueLost(job, lost, nowMs);
    }

    private void EnqueueLost(JobState job, List<LostMap> lost, long nowMs)
    {
        if (lost.Count == 0) return;
        const int most = 1000;
        for (int i = 0; i < lost.Count; i += most)
            job.Queue.Add(new JobEvent { Kind = JobEventKind.MapsLost, AtMs = nowMs, Lost = lost.GetRange(i, Math.Min(most, lost.Count - i)) });
        Flush(job, nowMs);
    }

    private void NoteQuiet(TrackerState tracker, TrackerReport report)
    {
        foreach (JobState job in _jobs.Values)
        {
            if (!job.StoppingOn.Contains(tracker.Name)) continue;
            bool runs = false;
            foreach (AttemptProgress progress in report.Running) runs |= string.Equals(progress.Key.Job, job.Spec.Id, StringComparison.Ordinal);
            if (!runs) job.StoppingOn.Remove(tracker.Name);
        }
    }

    private static LiveAttempt Add(JobState job, TaskState task, AttemptKey key, TrackerState tracker, long nowMs, bool isBackup)
    {
        LiveAttempt live = new(job, task, key, tracker, nowMs, isBackup);
        task.Live.Add(live);
        tracker.Attempts.Add(live);
        job.Running++;
        job.Attempts++;
        if (isBackup) job.RunningBackups++;
        job.Step.Settle(task);
        return live;
    }

    private static void Remove(LiveAttempt live)
    {
        if (!live.Task.Live.Remove(live)) return;
        live.Tracker.Attempts.Remove(live);
        live.Job.Running--;
        if (live.IsBackup) live.Job.RunningBackups--;
        live.Job.Step.Settle(live.Task);
    }

    // It is not wanted any more, whatever its tracker still says of it.
    private static void Drop(LiveAttempt live, bool isLost)
    {
        Remove(live);
        if (isLost) live.Job.Retries++;
        live.Job.Dead.Add(live.Key);
    }

    private void StopAll(JobState job)
    {
        foreach (TrackerState tracker in _trackers.Values)
        {
            foreach (LiveAttempt live in tracker.Attempts.ToArray())
            {
                if (live.Job != job) continue;
                Remove(live);
                job.Dead.Add(live.Key);
                if (tracker.IsAlive) job.StoppingOn.Add(tracker.Name);
            }
        }
    }

    private void Poke(TrackerState tracker)
    {
        if (tracker.IsPoked) return;
        tracker.IsPoked = true;
        Do(new PokeEffect(tracker.Name));
    }

    /// <summary>Tells trackers with free slots that there is work for them.</summary>
    private void PokeIdle()
    {
        if (HasResigned) return;
        foreach (TrackerState tracker in _trackers.Values)
            if (tracker.CanWork && !tracker.IsPoked && tracker.Busy < tracker.Slots && FindWork(tracker) is not null) Poke(tracker);
    }
}
