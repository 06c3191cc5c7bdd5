namespace Quorleans.Simulation;

/// <summary>What a run came to.</summary>
public sealed record RunResult
{
    /// <summary>What was run.</summary>
    public required SimulationOptions Options { get; init; }

    /// <summary>What did not hold, or null.</summary>
    public Violation? Violation { get; init; }

    /// <summary>The simulated time.</summary>
    public required TimeSpan Simulated { get; init; }

    /// <summary>Events that happened.</summary>
    public required long Events { get; init; }

    /// <summary>Client operations that ended, well or not.</summary>
    public required int Operations { get; init; }

    /// <summary>Faults begun, by kind.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    /// <summary>Situations reached.</summary>
    public required Marks Marks { get; init; }

    /// <summary>States of the cluster seen, as hashes.</summary>
    public required IReadOnlySet<ulong> States { get; init; }

    /// <summary>Elections won.</summary>
    public required int Elections { get; init; }

    /// <summary>Entries committed.</summary>
    public required long Committed { get; init; }

    /// <summary>Whether it counts as tested time: at least 20 operations, and a fault for each simulated second.</summary>
    public bool Counts => Operations >= 20 && Faults.Values.Sum() >= Simulated.TotalSeconds;
}
