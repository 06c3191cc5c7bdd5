namespace Quorleans.MapReduce.Engine;

/// <summary>A run of an application on files.</summary>
public sealed record JobRequest
{
    /// <summary>The jobs, one after the other.</summary>
    public required IReadOnlyList<JobDefinition> Jobs { get; init; }

    /// <summary>The application's arguments.</summary>
    public JobArguments Arguments { get; init; } = new();

    /// <summary>The input files, as full paths.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>The folder that will hold the output.</summary>
    public required string Output { get; init; }

    /// <summary>Whether the output may replace a folder that is there.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The number of reduce tasks and output files.</summary>
    public int Reducers { get; init; } = 10;

    /// <summary>How many tasks run at a time.</summary>
    public int Slots { get; init; } = Environment.ProcessorCount;

    /// <summary>The memory of a task's pairs; more go to the disk.</summary>
    public long MemoryBytes { get; init; } = 128L << 20;

    /// <summary>The size of a split; 0: chosen by the input's size.</summary>
    public long SplitBytes { get; init; }

    /// <summary>The longest record.</summary>
    public int MaxRecordBytes { get; init; } = 64 << 20;

    /// <summary>How many records the mapper may fail on; they are skipped.</summary>
    public long MaxBadRecords { get; init; }

    /// <summary>Whether the output is on the disk itself before it appears.</summary>
    public bool Durable { get; init; } = true;
}
