using Quorleans.Raft;

namespace Quorleans.Simulation;

/// <summary>How a simulated node is set up.</summary>
public sealed record SimulatedNodeOptions
{
    /// <summary>The cluster's id.</summary>
    public Guid ClusterId { get; init; } = new("c1a57e40-0000-4000-8000-000000000001");

    /// <summary>How its groups behave.</summary>
    public RaftOptions Raft { get; init; } = new();

    /// <summary>Makes the state machine of a group; at each start of the node anew.</summary>
    public required Func<SimulatedNode, GroupId, IStateMachine> Machines { get; init; }

    /// <summary>When a snapshot is taken: live bytes of the group's log.</summary>
    public long SnapshotThresholdBytes { get; init; } = 32 << 20;

    /// <summary>How far the log has to grow beyond the last snapshot's size before the next one.</summary>
    public double SnapshotGrowth { get; init; } = 1;

    /// <summary>The size of a segment of the log; small, so that a simulated disk costs little.</summary>
    public int LogSegmentBytes { get; init; } = 256 << 10;

    /// <summary>How many bytes of entries stay in memory behind a snapshot.</summary>
    public long RetainedBytes { get; init; } = 4 << 20;

    /// <summary>The largest chunk of a snapshot in one message.</summary>
    public int SnapshotChunkBytes { get; init; } = 512 << 10;
}
