namespace Quorleans.KeyValue.Handoff;

/// <summary>How a group drives its hand-offs.</summary>
public sealed record HandoffDriverOptions
{
    /// <summary>The defaults.</summary>
    public static HandoffDriverOptions Default { get; } = new();

    /// <summary>Milliseconds between two steps while moves are under way; 5.</summary>
    public int StepMs { get; init; } = 5;

    /// <summary>Milliseconds between two steps while none is; 250.</summary>
    public int IdleMs { get; init; } = 250;

    /// <summary>Moves under way between this group and one other, in each direction; 2. A group that does not answer holds up only its own.</summary>
    public int MovesPerPeer { get; init; } = 2;

    /// <summary>Chunks proposed and not yet applied, at most, for one move; 4.</summary>
    public int ChunkWindow { get; init; } = 4;

    /// <summary>
    /// Milliseconds from one chunk to the question for the next; 0. A copy has time, since its shard is served meanwhile: what it does not take at once is left for
    /// the clients of all shards of the nodes.
    /// </summary>
    public int ChunkPauseMs { get; init; }

    /// <summary>
    /// How many times as long as a chunk took, from its question until it was applied, the copy rests before the next one, if that is longer than
    /// <see cref="ChunkPauseMs"/>; 0. With 4 a copy is at work for a fifth of the time at most, whatever else the nodes do: where they are busy a chunk takes longer.
    /// </summary>
    public int ChunkRestTimes { get; init; }

    /// <summary>The same behind each delta that is more than half full; 0. Those at the end are small, and nothing rests between them and the freeze.</summary>
    public int DeltaRestTimes { get; init; }

    /// <summary>The longest such rest, in milliseconds: what a slow disk or an election held up is not made worse by it; 100.</summary>
    public int MaxRestMs { get; init; } = 100;

    /// <summary>Failed copies of one move from which on the destination raises the alarm and tries again slowly only; 3.</summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>Milliseconds between tries then; 10,000.</summary>
    public int FailedRetryMs { get; init; } = 10_000;

    /// <summary>Milliseconds until a source is asked again when it had nothing new; 10.</summary>
    public int PollMs { get; init; } = 10;

    /// <summary>Milliseconds after which an unanswered question is asked again; 500.</summary>
    public int PullTimeoutMs { get; init; } = 500;

    /// <summary>Milliseconds after which a step that was proposed and not applied, or a report that changed nothing, is sent again; 500.</summary>
    public int RetryMs { get; init; } = 500;

    /// <summary>How long ago the destination may have asked last, in milliseconds, for the source to freeze; 200. It must be there to activate.</summary>
    public int FreshMs { get; init; } = 200;

    /// <summary>Milliseconds between two looks at whether the lag shrinks; 100.</summary>
    public int LagSampleMs { get; init; } = 100;

    /// <summary>The most by which each write to a shard is delayed when its lag does not shrink, in milliseconds; 16.</summary>
    public int MaxSlowMs { get; init; } = 16;

    /// <summary>
    /// Whether the source freezes before the copy and not behind it: the shard is served by nobody as long as that takes. Only to measure what the live
    /// copy is worth; false.
    /// </summary>
    public bool FreezesBeforeCopy { get; init; }

    /// <summary>When the source freezes.</summary>
    public HandoffLimits Limits { get; init; } = HandoffLimits.Default;
}
