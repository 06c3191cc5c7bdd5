namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// Something that happened to a job, for good. A job is what its events say, in order: the coordinator that writes them and the one that takes the job over
/// read them with the same eyes (<see cref="JobState"/>).
/// </summary>
public sealed record JobEvent
{
    /// <summary>What happened.</summary>
    public required JobEventKind Kind { get; init; }

    /// <summary>When, in milliseconds since 1970, by the coordinator's clock: for people and reports.</summary>
    public required long AtMs { get; init; }

    /// <summary>Submitted: the job.</summary>
    public JobSpec? Spec { get; init; }

    /// <summary>Submitted: what the job's tasks show each other to get map outputs (<see cref="TaskOrder.Secret"/>).</summary>
    public string? Secret { get; init; }

    /// <summary>PlanWon, MapWon, ReduceWon, TaskFailed, and MapsLost when a reduce task could not get them: how the attempt ended.</summary>
    public TaskOutcome? Outcome { get; init; }

    /// <summary>With an outcome: where it ran.</summary>
    public string? Tracker { get; init; }

    /// <summary>MapWon: where the runs are.</summary>
    public MapOutput? Output { get; init; }

    /// <summary>MapsLost: which ones.</summary>
    public IReadOnlyList<LostMap> Lost { get; init; } = [];

    /// <summary>Committing: the generation that may publish from here on.</summary>
    public int Generation { get; init; }

    /// <summary>Failed: why.</summary>
    public string? Error { get; init; }
}

/// <summary>What happened to a job.</summary>
public enum JobEventKind
{
    /// <summary>It exists.</summary>
    Submitted,

    /// <summary>The step's inputs are cut into splits.</summary>
    PlanWon,

    /// <summary>A map task has a winner.</summary>
    MapWon,

    /// <summary>Map outputs are gone: those tasks have no winner any more.</summary>
    MapsLost,

    /// <summary>A reduce task has a winner.</summary>
    ReduceWon,

    /// <summary>An attempt failed, and that counts.</summary>
    TaskFailed,

    /// <summary>The next job of a chain begins.</summary>
    StepBegun,

    /// <summary>A generation's coordinator may publish the output.</summary>
    Committing,

    /// <summary>The output is there.</summary>
    Published,

    /// <summary>It failed; nothing was or will be published.</summary>
    Failed,

    /// <summary>It was cancelled; nothing was or will be published.</summary>
    Cancelled,
}

/// <summary>A map output that is gone.</summary>
/// <param name="Map">The map task's index.</param>
/// <param name="Attempt">The attempt that had won: the loss says nothing of a later one.</param>
public readonly record struct LostMap(int Map, AttemptId Attempt);
