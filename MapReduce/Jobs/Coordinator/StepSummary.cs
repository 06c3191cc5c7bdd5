namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// What a step of a job did: the sums over its tasks' winners. Apart from the report that lies in the output, which the engine writes also without a cluster: the coordinator's
/// core knows no engine, and what is in the journal must not change with a report's form.
/// </summary>
public sealed record StepSummary
{
    /// <summary>The step's name.</summary>
    public required string Name { get; init; }

    /// <summary>How many files were read.</summary>
    public required int InputFiles { get; init; }

    /// <summary>Their size.</summary>
    public required long InputBytes { get; init; }

    /// <summary>How many records were mapped.</summary>
    public required long Records { get; init; }

    /// <summary>How many records were skipped as bad.</summary>
    public required long BadRecords { get; init; }

    /// <summary>Where the first of them lie.</summary>
    public required IReadOnlyList<string> BadRecordPlaces { get; init; }

    /// <summary>How many pairs the mappers emitted.</summary>
    public required long Pairs { get; init; }

    /// <summary>How many bytes of intermediate files were written.</summary>
    public required long SpilledBytes { get; init; }

    /// <summary>How many different keys there were.</summary>
    public required long Groups { get; init; }

    /// <summary>How many records were written.</summary>
    public required long OutputRecords { get; init; }

    /// <summary>How many bytes were written.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>The number of map tasks.</summary>
    public required int Maps { get; init; }

    /// <summary>The number of reduce tasks.</summary>
    public required int Reduces { get; init; }

    /// <summary>How long plan and maps took, in milliseconds.</summary>
    public required long MapMs { get; init; }

    /// <summary>How long the step took, in milliseconds.</summary>
    public required long Ms { get; init; }

    /// <summary>What user code counted, by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, long>> Counters { get; init; }
}
