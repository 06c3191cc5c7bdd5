namespace Quorleans.MapReduce.Jobs;

// A job's output appears by one rename, of a folder that is named by the generation which made it. Who may try is journaled before:
//
//   committing(1) ──► g1 publishes ──────────────────────────────────► published
//        │  g1's coordinator dies, or pauses
//   taken over by g2 ──► g1's folder taken away ── it was published ─► published
//                              │ it was not, and never will be
//                        committing(2) ──► g2 publishes …
//
// A paused coordinator of g1 that wakes up finds no folder to rename. The same way a cancelled or failed publication is made sure of.
public sealed partial class CoordinatorCore
{
    private const int RetryPauseMs = 2000;

    /// <summary>A job's staging folder is there, or could not be made.</summary>
    /// <param name="job">The job.</param>
    /// <param name="error">Null, or why not.</param>
    /// <param name="nowMs">The time.</param>
    public void OnPrepared(string job, string? error, long nowMs)
    {
        if (Worked(job) is not { } state) return;
        if (error is null) state.IsPrepared = true;
        else state.Fail(error);
        Advance(state, nowMs);
        PokeIdle();
    }

    /// <summary>A publication succeeded, or did not.</summary>
    /// <param name="job">The job.</param>
    /// <param name="error">Null: the output is there. Otherwise why not; whether it is there all the same is then found out.</param>
    /// <param name="nowMs">The time.</param>
    public void OnPublished(string job, string? error, long nowMs)
    {
        if (Worked(job) is not { } state) return;
        if (error is null) Enqueue(state, new JobEvent { Kind = JobEventKind.Published, AtMs = nowMs }, nowMs);
        else state.Fail(error);
        Advance(state, nowMs);
    }

    /// <summary>A generation's folder was taken away, or it had published, or neither is known.</summary>
    /// <param name="job">The job.</param>
    /// <param name="published">Whether the output is that generation's; null: it could not be found out, and is to be tried again.</param>
    /// <param name="error">Why not.</param>
    /// <param name="nowMs">The time.</param>
    public void OnTakenAway(string job, bool? published, string? error, long nowMs)
    {
        if (Worked(job) is not { } state) return;
        if (published is null)
        {
            state.Status = $"Whether the output was published is not known yet: {error}";
            state.RetryAtMs = nowMs + RetryPauseMs;
            return;
        }

        if (published.Value) Enqueue(state, new JobEvent { Kind = JobEventKind.Published, AtMs = nowMs }, nowMs);
        else Enqueue(state, state.IsClosing ? EndOf(state, nowMs) : Committing(state, nowMs), nowMs);
        Advance(state, nowMs);
    }

    private void AdvancePublication(JobState job, long nowMs)
    {
        // One that did not succeed closes the job: none is begun twice.
        if (job.CommitGeneration != job.Generation || job.IsClosing)
        {
            BeginWork(job, new TakeAwayEffect(job.Spec, job.CommitGeneration));
            return;
        }

        BeginWork(job, new PublishEffect(job.Spec, job.Generation, job.Step.Files(), [.. job.Past, job.Summarize(nowMs)]));
    }

    private static JobEvent Committing(JobState job, long nowMs) => new() { Kind = JobEventKind.Committing, AtMs = nowMs, Generation = job.Generation };

    private void BeginWork(JobState job, CoordinatorEffect effect)
    {
        job.IsWorking = true;
        Do(effect);
    }

    private JobState? Worked(string job)
    {
        if (HasResigned || !_jobs.TryGetValue(job, out JobState? state) || !state.IsWorking) return null;
        state.IsWorking = false;
        return state;
    }
}
