namespace Quorleans.MapReduce.Jobs;

/// <summary>What a user asked for: an application on inputs. Fixed for the whole job; all paths are full ones, on a file system that the silos share.</summary>
public sealed record JobSpec
{
    /// <summary>The job's id: begins with the time of its submission, so that ids sort by age. Letters, digits and dashes.</summary>
    public required string Id { get; init; }

    /// <summary>The name of an application that is built in, or the path of an assembly, with <c>:Type</c> behind it when there are several in it.</summary>
    public required string Application { get; init; }

    /// <summary>The application's arguments.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Arguments { get; init; } = [];

    /// <summary>Files, folders and patterns, or <c>kv:PREFIX</c> for keys of the store.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>The folder that will hold the output.</summary>
    public required string Output { get; init; }

    /// <summary>Whether the output may replace a folder that is there.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The number of reduce tasks and output files, unless the application fixes it.</summary>
    public int Reducers { get; init; } = 10;

    /// <summary>The memory of a task's pairs in bytes; more go to the disk.</summary>
    public long MemoryBytes { get; init; } = 128L << 20;

    /// <summary>The size of a split in bytes; 0: chosen by the input's size.</summary>
    public long SplitBytes { get; init; }

    /// <summary>The longest record in bytes.</summary>
    public int MaxRecordBytes { get; init; } = 64 << 20;

    /// <summary>How many records the mappers may fail on, over the whole job; they are skipped.</summary>
    public long MaxBadRecords { get; init; }

    /// <summary>Whether the output is on the disk itself before it appears.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>How often a task may fail; then the job does. Attempts that were lost with their tracker or stopped do not count.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>After how many seconds without progress an attempt is stopped and counts as failed.</summary>
    public int TaskTimeoutSeconds { get; init; } = 600;

    /// <summary>Whether tasks that are much slower than their siblings get a second attempt beside the first.</summary>
    public bool Backups { get; init; } = true;

    /// <summary>When it was submitted, in milliseconds since 1970, by the submitter's clock: for people.</summary>
    public long SubmittedMs { get; init; }
}
