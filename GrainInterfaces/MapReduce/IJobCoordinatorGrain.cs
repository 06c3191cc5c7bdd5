using Orleans.Concurrency;

namespace Quorleans.GrainInterfaces;

/// <summary>
/// The coordinator of all MapReduce jobs. The key is <c>jobs</c>. What it decides is in the store before anybody learns of it, with a generation that fences
/// whoever decided before, so a second activation by mistake costs time and nothing else.
/// </summary>
[Alias("Quorleans.IJobCoordinatorGrain")]
public interface IJobCoordinatorGrain : IGrainWithStringKey
{
    /// <summary>The key of the one there is.</summary>
    const string Key = "jobs";

    /// <summary>
    /// A tracker's <c>TrackerReport</c>; the answer is <c>TrackerOrders</c>. A tracker sends one at a time: it waits for the answer, or gives it up and then
    /// does nothing of what it says. An attempt that is ordered and not in the next report counts as one that never began.
    /// </summary>
    [AlwaysInterleave, Alias("Heartbeat")]
    Task<JobFrame> Heartbeat(JobFrame report);

    /// <summary>A <c>JobSpec</c>; answered by a <c>JobAnswer</c> when the job is in the store, or refused. May be repeated.</summary>
    [AlwaysInterleave, Alias("Submit")]
    Task<JobFrame> Submit(JobFrame spec);

    /// <summary>Cancels a job; answered by a <c>JobAnswer</c> when it has ended, one way or another. May be repeated.</summary>
    [AlwaysInterleave, Alias("Cancel")]
    Task<JobFrame> Cancel(string job);

    /// <summary>A job as it stands: a <c>JobAnswer</c> with none when there is none.</summary>
    [AlwaysInterleave, Alias("Find")]
    Task<JobFrame> Find(string job);

    /// <summary>The newest jobs, newest first: a <c>JobAnswer</c>.</summary>
    [AlwaysInterleave, Alias("List")]
    Task<JobFrame> List(int most);

    /// <summary>What the attempts of a job's tasks said, from all trackers: a <c>JobAnswer</c>.</summary>
    /// <param name="job">The job.</param>
    /// <param name="task">One task, such as <c>map-3</c>; null: all.</param>
    [AlwaysInterleave, Alias("ReadLog")]
    Task<JobFrame> ReadLog(string job, string? task);

    /// <summary>The coordinator as the dashboard shows it.</summary>
    [AlwaysInterleave, Alias("GetState")]
    Task<JobCoordinatorStatus> GetState();
}
