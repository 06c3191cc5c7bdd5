namespace Quorleans.Raft.Node;

/// <summary>How a node drives its replicas.</summary>
public sealed record RaftNodeOptions
{
    /// <summary>The cluster's id; messages of another cluster are refused.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>The node's name, such as <c>n1</c>.</summary>
    public required string Node { get; init; }

    /// <summary>The random id of the node's data directory.</summary>
    public required Guid NodeId { get; init; }

    /// <summary>How its groups behave.</summary>
    public RaftOptions Raft { get; init; } = new();

    /// <summary>
    /// A snapshot is taken when the live entries of a group's log exceed this many bytes, and also <see cref="SnapshotGrowth"/> times the size of its last
    /// snapshot; 32 MiB by default.
    /// </summary>
    public long SnapshotThresholdBytes { get; init; } = 32 << 20;

    /// <summary>
    /// How large the log has to become, in parts of the last snapshot's size, before the next one; 1 by default, so that a large state is not written out
    /// over and over. 0 bounds the log by <see cref="SnapshotThresholdBytes"/> alone, whatever that costs.
    /// </summary>
    public double SnapshotGrowth { get; init; } = 1;

    /// <summary>The size of a segment of the log, in bytes, a multiple of 4096; 16 MiB by default.</summary>
    public int LogSegmentBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How long the log's next batch may be held back for groups that wrote to the two before and are likely to write again at once, so that one slow sync does for
    /// all of them: half of what the last sync took, and at most this. Below 1 ms, and so on a fast disk, nothing is held back. Zero, the default, for never.
    /// </summary>
    public TimeSpan MaxGather { get; init; }

    /// <summary>How many bytes of entries stay in memory behind a snapshot, for followers that are a little behind; 4 MiB by default.</summary>
    public long RetainedBytes { get; init; } = 4 << 20;

    /// <summary>
    /// How many batches of clients, over all groups, may be under way here, waiting for the loop or for their outcome; more are refused as busy at once. 65,536 by
    /// default. A group has limits of its own besides, <see cref="RaftOptions.MaxPendingEntries"/> and <see cref="RaftOptions.MaxPendingReads"/>: a full one leaves room for others.
    /// </summary>
    public int MaxSubmissions { get; init; } = 65_536;

    /// <summary>Their bytes; 256 MiB by default.</summary>
    public long MaxSubmissionBytes { get; init; } = 256 << 20;

    /// <summary>The largest chunk of a snapshot in one message, in bytes; 512 KiB by default, at most 1 MiB.</summary>
    public int SnapshotChunkBytes { get; init; } = 512 << 10;

    /// <summary>Draws the seed of each replica's election timeouts and request numbers; another one at each start.</summary>
    public Func<ulong> NextSeed { get; init; } = static () => (ulong)Random.Shared.NextInt64();

    /// <summary>The clock that drives the ticks.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
