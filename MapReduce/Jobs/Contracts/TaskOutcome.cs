namespace Quorleans.MapReduce.Jobs;

/// <summary>How an attempt ended: with a failure, or with the part of its task's kind.</summary>
public sealed record TaskOutcome
{
    /// <summary>The attempt.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>Why it failed; null: it is done.</summary>
    public TaskFailure? Failure { get; init; }

    /// <summary>What a plan task found.</summary>
    public PlanOutcome? Plan { get; init; }

    /// <summary>What a map task made.</summary>
    public MapOutcome? Map { get; init; }

    /// <summary>What a reduce task made.</summary>
    public ReduceOutcome? Reduce { get; init; }

    /// <summary>What user code counted, sorted by name. Only the winner's counts.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Counters { get; init; } = [];

    /// <summary>How long it ran, in milliseconds.</summary>
    public long Milliseconds { get; init; }
}

/// <summary>What a plan task found. The splits themselves, and the ranges of keys, are in its file.</summary>
/// <param name="File">The plan's path.</param>
/// <param name="Steps">How many steps the job has.</param>
/// <param name="Name">The step's name.</param>
/// <param name="Maps">The number of map tasks.</param>
/// <param name="Reducers">The number of reduce tasks.</param>
/// <param name="InputFiles">How many files are read.</param>
/// <param name="InputBytes">Their size.</param>
public sealed record PlanOutcome(string File, int Steps, string Name, int Maps, int Reducers, int InputFiles, long InputBytes);

/// <summary>What a map task made.</summary>
/// <param name="Index">The path of the index of its runs.</param>
/// <param name="InputBytes">The size of its split.</param>
/// <param name="Records">How many records were mapped.</param>
/// <param name="Pairs">How many pairs were emitted.</param>
/// <param name="SpilledBytes">The size of its runs.</param>
/// <param name="BadRecords">How many records were skipped.</param>
/// <param name="BadRecordPlaces">Where the first of them lie, and why.</param>
public sealed record MapOutcome(string Index, long InputBytes, long Records, long Pairs, long SpilledBytes, long BadRecords, IReadOnlyList<string> BadRecordPlaces);

/// <summary>What a reduce task made.</summary>
/// <param name="File">The output file, in the job's staging folder.</param>
/// <param name="Groups">How many different keys there were.</param>
/// <param name="Records">How many records were written.</param>
/// <param name="Bytes">The file's size.</param>
/// <param name="SpilledBytes">Of merges in passes.</param>
/// <param name="Pairs">How many pairs were reduced.</param>
public sealed record ReduceOutcome(string File, long Groups, long Records, long Bytes, long SpilledBytes, long Pairs = 0);
