namespace Quorleans.MapReduce.Engine;

/// <summary>What the attempts of a job's reduce tasks have in common.</summary>
public sealed record ReduceSettings
{
    /// <summary>What the job does.</summary>
    public required JobDefinition Definition { get; init; }

    /// <summary>The application's arguments.</summary>
    public required JobArguments Arguments { get; init; }

    /// <summary>How much memory a task may take for merging; it limits how many runs are merged at a time.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Whether the output is to be on the disk itself before the task ends.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Is told of each value; null: nobody is.</summary>
    public IRecordWatch? Watch { get; init; }
}
