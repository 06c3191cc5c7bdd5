namespace Quorleans.MapReduce.Engine;

/// <summary>What the attempts of a job's map tasks have in common.</summary>
public sealed record MapSettings
{
    /// <summary>What the job does.</summary>
    public required JobDefinition Definition { get; init; }

    /// <summary>The application's arguments.</summary>
    public required JobArguments Arguments { get; init; }

    /// <summary>The number of reduce tasks.</summary>
    public required int Partitions { get; init; }

    /// <summary>Where keys go.</summary>
    public required IPartitioner Partitioner { get; init; }

    /// <summary>How much memory the pairs of a task may take before they are written out as a sorted run.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The longest record.</summary>
    public required int MaxRecordBytes { get; init; }

    /// <summary>Counts the job's bad records.</summary>
    public required BadRecords BadRecords { get; init; }

    /// <summary>Records that the mapper does not get, by path and position: they count as bad.</summary>
    public IReadOnlySet<(string Path, long Position)>? Skip { get; init; }

    /// <summary>Is told of each record; null: nobody is.</summary>
    public IRecordWatch? Watch { get; init; }
}
