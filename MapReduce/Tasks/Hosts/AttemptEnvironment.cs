namespace Quorleans.MapReduce.Tasks;

/// <summary>What an attempt must know of the tracker that runs it. Travels to a worker's process as JSON.</summary>
public sealed record AttemptEnvironment
{
    /// <summary>The folder for the attempt's own files, on this machine; it exists. What a map task leaves in it stays until its job is forgotten.</summary>
    public required string Folder { get; init; }

    /// <summary>The machine: map outputs of the same one are read directly.</summary>
    public required string Machine { get; init; }

    /// <summary>What a job may read, write and run here.</summary>
    public AllowedPaths Allowed { get; init; } = AllowedPaths.Everything;

    /// <summary>For a plan task: the files that hold what was scanned of the store, for each <c>kv:</c> input of the job, in order.</summary>
    public IReadOnlyList<string> StoreFiles { get; init; } = [];
}
