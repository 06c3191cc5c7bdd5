namespace Quorleans.GrainInterfaces;

/// <summary>The coordinator of jobs, for people.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.JobCoordinatorStatus")]
public sealed record JobCoordinatorStatus
{
    /// <summary>Whether it has read what is in the store and works.</summary>
    [Id(0)]
    public bool Ready { get; init; }

    /// <summary>The trackers, as <c>n1: 2 of 2 slots busy</c>.</summary>
    [Id(1)]
    public IReadOnlyList<string> Trackers { get; init; } = [];

    /// <summary>The jobs that run, as <c>20261125-221530-7f3a9c01 wordcount: Mapping, 3 of 8 maps, 0 of 10 reduces, 2 attempts</c>.</summary>
    [Id(2)]
    public IReadOnlyList<string> Running { get; init; } = [];

    /// <summary>How many jobs that ended are known.</summary>
    [Id(3)]
    public int Ended { get; init; }

    /// <summary>What keeps it from working; null when all is well.</summary>
    [Id(4)]
    public string? Problem { get; init; }

    /// <summary>The node on whose silo it runs.</summary>
    [Id(5)]
    public string Node { get; init; } = "";
}
