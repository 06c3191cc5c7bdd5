using System.Globalization;

namespace Quorleans.Chaos;

/// <summary>What a run is told.</summary>
internal sealed record ChaosOptions
{
    /// <summary>For how long faults are injected.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What the schedule follows from.</summary>
    public required int Seed { get; init; }

    /// <summary>How many silo processes.</summary>
    public required int Nodes { get; init; }

    /// <summary>How many clients of the workload.</summary>
    public required int Clients { get; init; }

    /// <summary>Faults that are left out.</summary>
    public IReadOnlyList<FaultKind> Without { get; init; } = [];

    /// <summary>Whether history and logs are kept in any case.</summary>
    public bool Keep { get; init; }

    /// <summary>The command that has the same schedule.</summary>
    public string Command
    {
        get
        {
            string without = Without.Count == 0 ? "" : $" --without {string.Join(' ', Without).ToLowerInvariant()}";
            return string.Create(CultureInfo.InvariantCulture,
                $"dotnet run -c Release --project Tests/Chaos -- --minutes {Duration.TotalMinutes:0.###} --seed {Seed} --nodes {Nodes} --clients {Clients}{without}");
        }
    }
}
