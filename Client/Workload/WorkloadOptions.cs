namespace Quorleans.Client.Workload;

/// <summary>What a workload does.</summary>
internal sealed record WorkloadOptions
{
    /// <summary>How many clients at once.</summary>
    public required int Clients { get; init; }

    /// <summary>How many keys they share, named k0, k1, ….</summary>
    public required int Keys { get; init; }

    /// <summary>For how long.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How often each operation.</summary>
    public required OperationMix Mix { get; init; }

    /// <summary>How long a written value is at least; it is longer when its own name takes more.</summary>
    public int ValueBytes { get; init; }

    /// <summary>The seed of every choice.</summary>
    public int Seed { get; init; }
}
