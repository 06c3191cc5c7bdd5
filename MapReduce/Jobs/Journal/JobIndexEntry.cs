namespace Quorleans.MapReduce.Jobs;

/// <summary>What is found of a job without reading its journal.</summary>
public sealed record JobIndexEntry
{
    /// <summary>The job: as it was submitted while it runs, as it ended when it has.</summary>
    public required JobView View { get; init; }

    /// <summary>Whether its journal and its staging folder are gone.</summary>
    public bool Swept { get; init; }
}
