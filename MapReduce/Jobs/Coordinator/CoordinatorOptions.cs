namespace Quorleans.MapReduce.Jobs;

/// <summary>How jobs are coordinated.</summary>
public sealed record CoordinatorOptions
{
    /// <summary>For how long attempts may run without an answer to their tracker's heartbeat, in milliseconds. Default 5 s.</summary>
    public int LeaseMs { get; init; } = 5000;

    /// <summary>How often trackers report, in milliseconds. Default 1 s.</summary>
    public int HeartbeatMs { get; init; } = 1000;

    /// <summary>How many jobs may run; one more is refused. Default 100.</summary>
    public int MaxRunningJobs { get; init; } = 100;

    /// <summary>How many jobs that ended are remembered. Default 1,000.</summary>
    public int MaxHistory { get; init; } = 1000;

    /// <summary>How many tasks a step of a job may have. Default 100,000.</summary>
    public int MaxTasks { get; init; } = 100_000;

    /// <summary>How old an attempt is before it may get a second one beside it, in milliseconds. Default 10 s.</summary>
    public int BackupAfterMs { get; init; } = 10_000;

    /// <summary>After how many failures within a job a tracker gets no more of its tasks, as long as there is another. Default 3.</summary>
    public int TrackerFailures { get; init; } = 3;
}
