using Quorleans.Labs.Controller;
using Quorleans.Labs.KeyValue;
using Quorleans.Labs.Raft;
using Quorleans.Labs.Sharded;

namespace Quorleans.Labs;

/// <summary>All scenarios, in the order of the labs.</summary>
public static class Catalog
{
    /// <summary>The 24 of lab 2.</summary>
    public static IReadOnlyList<Scenario> Lab2 { get; } =
        [.. ElectionScenarios.All, .. ReplicationScenarios.All, .. PersistenceScenarios.All, .. DisturbanceScenarios.All, .. SnapshotScenarios.All];

    /// <summary>The 23 of lab 3, in the order of the labs' own file.</summary>
    public static IReadOnlyList<Scenario> Lab3 { get; } =
        [.. SpeedScenarios.All.Concat(PartitionScenarios.All).Concat(WorkloadScenarios.All).OrderBy(scenario => scenario.Part, StringComparer.Ordinal)];

    /// <summary>The 11 sub-tests of lab 4A.</summary>
    public static IReadOnlyList<Scenario> Lab4A { get; } = [.. ControllerScenarios.All];

    /// <summary>The 13 of lab 4B.</summary>
    public static IReadOnlyList<Scenario> Lab4B { get; } = [.. MigrationScenarios.All, .. ConcurrentScenarios.All, .. ChallengeScenarios.All];

    /// <summary>What later years of the course added to these labs, and what all of those tests miss.</summary>
    public static IReadOnlyList<Scenario> Beyond { get; } = [.. LaterScenarios.All, .. ScriptedScenarios.All, .. BeyondScenarios.All, .. ControllerScenarios.Beyond];

    /// <summary>Every one.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [.. Lab2, .. Lab3, .. Lab4A, .. Lab4B, .. Beyond];

    /// <summary>Finds one by its name, whatever its case.</summary>
    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
