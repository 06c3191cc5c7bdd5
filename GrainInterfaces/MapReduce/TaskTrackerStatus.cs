namespace Quorleans.GrainInterfaces;

/// <summary>A task tracker, for people.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.TaskTrackerStatus")]
public sealed record TaskTrackerStatus
{
    /// <summary>The node's name.</summary>
    [Id(0)]
    public required string Node { get; init; }

    /// <summary>How many attempts it runs at a time.</summary>
    [Id(1)]
    public int Slots { get; init; }

    /// <summary>The attempts that run, as <c>20261125-221530-7f3a9c01/map-3/g1a1: 42 %</c>.</summary>
    [Id(2)]
    public IReadOnlyList<string> Running { get; init; } = [];

    /// <summary>How many attempts it ran since it began.</summary>
    [Id(3)]
    public long Attempts { get; init; }

    /// <summary>What keeps it from working, such as a coordinator that does not answer; null when all is well.</summary>
    [Id(4)]
    public string? Problem { get; init; }
}
