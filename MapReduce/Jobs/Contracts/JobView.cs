namespace Quorleans.MapReduce.Jobs;

/// <summary>A job as people see it.</summary>
public sealed record JobView
{
    /// <summary>What was asked for.</summary>
    public required JobSpec Spec { get; init; }

    /// <summary>How far it is.</summary>
    public required JobPhase Phase { get; init; }

    /// <summary>Why it failed; null unless it did.</summary>
    public string? Error { get; init; }

    /// <summary>The step that runs, from 0.</summary>
    public int Step { get; init; }

    /// <summary>How many steps there are, as far as is known.</summary>
    public int Steps { get; init; } = 1;

    /// <summary>The step's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many coordinators it had so far.</summary>
    public int Generation { get; init; }

    /// <summary>When it ended, in milliseconds since 1970; 0: not yet.</summary>
    public long EndedMs { get; init; }

    /// <summary>How long it runs or ran, in milliseconds.</summary>
    public long Milliseconds { get; init; }

    /// <summary>The step's input files.</summary>
    public int InputFiles { get; init; }

    /// <summary>Their size.</summary>
    public long InputBytes { get; init; }

    /// <summary>How much of it was mapped.</summary>
    public long MappedBytes { get; init; }

    /// <summary>How many records were mapped.</summary>
    public long Records { get; init; }

    /// <summary>How many records were skipped as bad.</summary>
    public long BadRecords { get; init; }

    /// <summary>How many pairs the mappers that are done emitted.</summary>
    public long Pairs { get; init; }

    /// <summary>How many pairs were reduced.</summary>
    public long ReducedPairs { get; init; }

    /// <summary>The bytes of intermediate files.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>How much output was written.</summary>
    public long OutputBytes { get; init; }

    /// <summary>The step's map tasks.</summary>
    public int Maps { get; init; }

    /// <summary>Those that are done.</summary>
    public int MapsDone { get; init; }

    /// <summary>The step's reduce tasks.</summary>
    public int Reduces { get; init; }

    /// <summary>Those that are done.</summary>
    public int ReducesDone { get; init; }

    /// <summary>How much of the reduce tasks is done, from 0 to 1, with the parts of those that run.</summary>
    public double Reduced { get; init; }

    /// <summary>How many attempts run.</summary>
    public int Running { get; init; }

    /// <summary>How many attempts were ordered in all; those of coordinators before this one as far as they ended, or are heard of.</summary>
    public int Attempts { get; init; }

    /// <summary>How many of them failed or were lost, as far as this coordinator knows.</summary>
    public int Retries { get; init; }

    /// <summary>How many attempts were backups of slow ones.</summary>
    public int Backups { get; init; }

    /// <summary>What user code counted so far in tasks that are done, sorted by name.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Counters { get; init; } = [];

    /// <summary>What user code said last.</summary>
    public string Status { get; init; } = "";

    /// <summary>The newest failures of attempts, as far as this coordinator knows.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];
}

/// <summary>How far a job is.</summary>
public enum JobPhase
{
    /// <summary>Waits for a slot.</summary>
    Waiting,

    /// <summary>Its inputs are looked for.</summary>
    Planning,

    /// <summary>Its map tasks run.</summary>
    Mapping,

    /// <summary>Its reduce tasks run.</summary>
    Reducing,

    /// <summary>Its output is put together and published.</summary>
    Committing,

    /// <summary>The output is there.</summary>
    Done,

    /// <summary>It failed; nothing was published.</summary>
    Failed,

    /// <summary>It was cancelled; nothing was published.</summary>
    Cancelled,
}
