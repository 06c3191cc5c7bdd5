namespace Quorleans.GrainInterfaces;

/// <summary>The shard controller's newest configuration, for people.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.ShardControllerStatus")]
public sealed record ShardControllerStatus
{
    /// <summary>The number of the newest configuration.</summary>
    [Id(0)]
    public long Number { get; init; }

    /// <summary>The groups, as <c>g1 on n1, n2, n3 (Active): 32 shards</c>.</summary>
    [Id(1)]
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The moves that are on their way, as <c>move 12 of shard 7 from g1#1 to g2#9 (epoch 2)</c>.</summary>
    [Id(2)]
    public IReadOnlyList<string> Moves { get; init; } = [];

    /// <summary>Why nothing could be learnt; null when all is well.</summary>
    [Id(3)]
    public string? Problem { get; init; }
}
