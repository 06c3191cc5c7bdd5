namespace Quorleans.MapReduce.Jobs;

/// <summary>Something that the coordinator wants done. What follows from it comes back as an event.</summary>
public abstract record CoordinatorEffect
{
    private protected CoordinatorEffect() { }
}

/// <summary>Appends a record to a job's journal, or creates the job. Ends in <see cref="CoordinatorCore.OnAppended"/> or <see cref="CoordinatorCore.OnFenced"/>, and is repeated until one of them is certain.</summary>
/// <param name="Job">The job.</param>
/// <param name="Before">The owner as it must be; null: nobody, the job is new.</param>
/// <param name="After">The owner as it will be; its records are the new one's number.</param>
/// <param name="Record">The record: a list of <see cref="JobEvent"/>.</param>
/// <param name="Index">The job's new entry in the index; null: it stays.</param>
public sealed record AppendEffect(string Job, JobOwner? Before, JobOwner After, byte[] Record, byte[]? Index) : CoordinatorEffect;

/// <summary>Takes a job over from a coordinator before: ends in <see cref="CoordinatorCore.OnTaken"/>.</summary>
/// <param name="Job">The job.</param>
public sealed record TakeEffect(string Job) : CoordinatorEffect;

/// <summary>
/// Makes the job's staging folder: ends in <see cref="CoordinatorCore.OnPrepared"/>. Then it has to be looked whether the job is still this coordinator's. If it is not,
/// that ends in <see cref="CoordinatorCore.OnFenced"/>, and when the job has ended in the meantime the folder is removed again: nobody else would.
/// </summary>
/// <param name="Spec">The job.</param>
public sealed record PrepareEffect(JobSpec Spec) : CoordinatorEffect;

/// <summary>Puts the output together and publishes it: ends in <see cref="CoordinatorCore.OnPublished"/>.</summary>
/// <param name="Spec">The job.</param>
/// <param name="Generation">Which generation publishes.</param>
/// <param name="Winners">The output files, by reduce task.</param>
/// <param name="Steps">What the job did.</param>
public sealed record PublishEffect(JobSpec Spec, int Generation, IReadOnlyList<string> Winners, IReadOnlyList<StepSummary> Steps) : CoordinatorEffect;

/// <summary>The job was cancelled while it is published: that may stop, if it can before the output is there. It ends as it ends; nothing else follows.</summary>
/// <param name="Job">The job.</param>
public sealed record StopPublishingEffect(string Job) : CoordinatorEffect;

/// <summary>Makes sure that a generation will not publish, or finds that it has: ends in <see cref="CoordinatorCore.OnTakenAway"/>.</summary>
/// <param name="Spec">The job.</param>
/// <param name="Generation">Which generation.</param>
public sealed record TakeAwayEffect(JobSpec Spec, int Generation) : CoordinatorEffect;

/// <summary>Removes the files and the journal of a job that has ended: ends in <see cref="CoordinatorCore.OnSwept"/>.</summary>
/// <param name="Entry">The job as it ended.</param>
public sealed record SweepEffect(JobIndexEntry Entry) : CoordinatorEffect;

/// <summary>Removes a job that ended long ago from the index. Nothing waits for it.</summary>
/// <param name="Job">The job.</param>
public sealed record ForgetEffect(string Job) : CoordinatorEffect;

/// <summary>Whoever waits for the job to be in the store, or to end, may look again.</summary>
/// <param name="Job">The job.</param>
public sealed record ChangedEffect(string Job) : CoordinatorEffect;

/// <summary>Tells a tracker that its next heartbeat is due.</summary>
/// <param name="Tracker">The node's name.</param>
public sealed record PokeEffect(string Tracker) : CoordinatorEffect;

/// <summary>Somebody else owns jobs of this coordinator: it must end. It does nothing any more.</summary>
/// <param name="Job">The job that showed it.</param>
public sealed record ResignEffect(string Job) : CoordinatorEffect;
