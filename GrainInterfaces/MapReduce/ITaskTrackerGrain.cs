using Orleans.Concurrency;

namespace Quorleans.GrainInterfaces;

/// <summary>
/// The address of a node's task tracker: the key is the node's name, and it is pinned to the node's silo. A thin shell: attempts run on threads of their own.
/// </summary>
[Alias("Quorleans.ITaskTrackerGrain")]
public interface ITaskTrackerGrain : IGrainWithStringKey
{
    /// <summary>There is work, or some to be stopped: the next heartbeat is due now. Nothing depends on its arrival.</summary>
    [AlwaysInterleave, OneWay, Alias("Poke")]
    Task Poke();

    /// <summary>What the attempts of a job said that ran here: a list of <c>AttemptTranscript</c>, at most 2 MiB, the newest ones when there is more.</summary>
    /// <param name="job">The job.</param>
    /// <param name="task">One task, such as <c>map-3</c>; null: all.</param>
    [AlwaysInterleave, Alias("ReadLog")]
    Task<JobFrame> ReadLog(string job, string? task);

    /// <summary>The tracker as the dashboard shows it.</summary>
    [AlwaysInterleave, Alias("GetState")]
    Task<TaskTrackerStatus> GetState();
}
