using Quorleans.KeyValue;
using Quorleans.KeyValue.Handoff;
using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Grains.Raft;

/// <summary>What a node is made of.</summary>
public sealed record NodeServiceOptions
{
    /// <summary>Its name, such as <c>n1</c>.</summary>
    public required string Node { get; init; }

    /// <summary>Its data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>How its groups behave.</summary>
    public RaftOptions Raft { get; init; } = new();

    /// <summary>When snapshots are taken; see <see cref="Quorleans.Raft.Node.RaftNodeOptions.SnapshotThresholdBytes"/>.</summary>
    public long SnapshotThresholdBytes { get; init; } = 32 << 20;

    /// <summary>The size of a segment of the log; see <see cref="Quorleans.Raft.Node.RaftNodeOptions.LogSegmentBytes"/>.</summary>
    public int LogSegmentBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How shards are handed over. By default in small chunks with long rests between them, about 1 MB/s: a copy has time, since the shard is served meanwhile, and
    /// clients of other shards shall not notice it.
    /// </summary>
    public HandoffDriverOptions Handoff { get; init; } = HandoffDriverOptions.Default with
    {
        // What comes of a step is looked at once it is applied: this is for what nobody tells of.
        StepMs = 20, ChunkWindow = 1, ChunkPauseMs = 5, ChunkRestTimes = 8, DeltaRestTimes = 1, Limits = HandoffLimits.Default with { ChunkBytes = 32 << 10, DeltaBytes = 32 << 10 },
    };

    /// <summary>Changes the node's disk, to measure with a slower one; null leaves it as it is.</summary>
    public Func<IDisk, IDisk>? ChangeDisk { get; init; }

    /// <summary>How long a slow log waits for more; see <see cref="Quorleans.Raft.Node.RaftNodeOptions.MaxGather"/>.</summary>
    public TimeSpan MaxGather { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The clock that drives it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
