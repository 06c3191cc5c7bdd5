namespace Quorleans.MapReduce.Jobs;

/// <summary>What the coordinator tells a tracker to do. Exactly one of the three parts is there, that of the task's kind.</summary>
public sealed record TaskOrder
{
    /// <summary>The job.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>The task.</summary>
    public required TaskId Task { get; init; }

    /// <summary>The attempt.</summary>
    public required AttemptId Attempt { get; init; }

    /// <summary>
    /// The job's own secret: who has it gets the job's map outputs from a tracker. All of the job's tasks know it, and nobody else; it is not shown to people.
    /// </summary>
    public string Secret { get; init; } = "";

    /// <summary>For a plan task.</summary>
    public PlanOrder? Plan { get; init; }

    /// <summary>For a map task.</summary>
    public MapOrder? Map { get; init; }

    /// <summary>For a reduce task.</summary>
    public ReduceOrder? Reduce { get; init; }

    /// <summary>The attempt in the whole cluster.</summary>
    public AttemptKey Key => new(Spec.Id, Task, Attempt);
}

/// <summary>A plan task.</summary>
/// <param name="Inputs">The output files of the step before, in order; empty in the first step, whose inputs are the job's.</param>
/// <param name="Slots">How many tasks run at a time in the cluster.</param>
public sealed record PlanOrder(IReadOnlyList<string> Inputs, int Slots);

/// <summary>A map task.</summary>
/// <param name="PlanFile">What the step's plan task left; it has the split.</param>
/// <param name="Skip">Records that ended the processes of earlier attempts: not to be given to the mapper again.</param>
public sealed record MapOrder(string PlanFile, IReadOnlyList<RecordPlace> Skip);

/// <summary>A reduce task.</summary>
/// <param name="PlanFile">What the step's plan task left.</param>
/// <param name="Maps">Where the outputs of all the step's map tasks are, by task.</param>
public sealed record ReduceOrder(string PlanFile, IReadOnlyList<MapOutput> Maps);

/// <summary>A record.</summary>
/// <param name="Path">The input file.</param>
/// <param name="Position">The offset in bytes at which it begins.</param>
public readonly record struct RecordPlace(string Path, long Position);
