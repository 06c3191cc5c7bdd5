namespace Quorleans.Simulation;

/// <summary>What to run. Everything beside the seed narrows it, for a smaller counter-example.</summary>
public sealed record SimulationOptions
{
    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Which faults the seed may choose from: <c>full</c>, or an area: <c>network</c>, <c>process</c>, <c>disk</c>, <c>leader</c>, <c>client</c>, <c>membership</c>, <c>calm</c>; or another world: <c>sharded</c>.</summary>
    public string Profile { get; init; } = "full";

    /// <summary>Kinds of faults that are left out.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>At most so many clients; 0: as the seed says.</summary>
    public int Clients { get; init; }

    /// <summary>At most so many seconds of the safety phase; 0: as the seed says.</summary>
    public int Seconds { get; init; }

    /// <summary>How much rarer faults are than the seed says; 1 by default.</summary>
    public int FaultsEvery { get; init; } = 1;

    /// <summary>How much rarer operations are than the seed says; 1 by default.</summary>
    public int OperationsEvery { get; init; } = 1;

    /// <summary>Takes the trace, or null.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>The names of all profiles.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["full", "network", "process", "disk", "leader", "client", "membership", "calm", ShardedSimulator.Profile];

    /// <summary>The options as a command line.</summary>
    public string CommandLine()
    {
        List<string> words = ["--seed", $"{Seed}"];
        if (Profile != "full") words.AddRange(["--profile", Profile]);
        foreach (string kind in Without) words.AddRange(["--without", $"\"{kind}\""]);
        if (Clients > 0) words.AddRange(["--clients", $"{Clients}"]);
        if (Seconds > 0) words.AddRange(["--seconds", $"{Seconds}"]);
        if (FaultsEvery > 1) words.AddRange(["--faults-every", $"{FaultsEvery}"]);
        if (OperationsEvery > 1) words.AddRange(["--operations-every", $"{OperationsEvery}"]);
        return string.Join(' ', words);
    }
}
