using Quorleans.Clerk;

namespace Quorleans.Benchmarks.Overload;

/// <summary>What a crowd of clients met.</summary>
internal sealed record CrowdResult
{
    /// <summary>How many clients.</summary>
    public required int Clients { get; init; }

    /// <summary>When the last of them had its first answer: all begin at once, each looking for the leader.</summary>
    public required double FirstsMs { get; init; }

    /// <summary>Puts that succeeded, a second.</summary>
    public required double PutsPerSecond { get; init; }

    /// <summary>How long they took in the median, with all pauses and attempts.</summary>
    public required double P50Ms { get; init; }

    /// <summary>How long 99 of 100 took at most.</summary>
    public required double P99Ms { get; init; }

    /// <summary>How long the slowest took.</summary>
    public required double MaxMs { get; init; }

    /// <summary>Batches that were sent.</summary>
    public required long Batches { get; init; }

    /// <summary>Batches that nodes refused as busy.</summary>
    public required long Refused { get; init; }

    /// <summary>Puts that failed, by error.</summary>
    public required IReadOnlyDictionary<ClerkError, long> Failures { get; init; }

    /// <summary>What the clients' process spent.</summary>
    public required ProcessCosts Costs { get; init; }
}
