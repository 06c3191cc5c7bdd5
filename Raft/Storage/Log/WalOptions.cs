namespace Quorleans.Raft.Storage;

/// <summary>How a node's write-ahead log is kept.</summary>
public sealed record WalOptions
{
    /// <summary>
    /// The random id of the node's directory. It salts every checksum, so that neither another node's log nor a stored value that
    /// looks like log bytes can pass for this log.
    /// </summary>
    public required Guid NodeId { get; init; }

    /// <summary>The size of a segment file in bytes, a multiple of 4096. Default 16 MiB. A larger batch gets a larger segment.</summary>
    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How many segments may stay in use beyond twice what the live entries fill, before <see cref="WriteAheadLog.Laggards"/>
    /// asks for entries of the oldest to be rewritten. Default 4.
    /// </summary>
    public int SegmentsBehind { get; init; } = 4;

    /// <summary>How large the batch being built may grow before <see cref="WriteAheadLog.CanAppend"/> says no, in bytes. Default 64 MiB.</summary>
    public int MaximumBatchBytes { get; init; } = 64 << 20;

    /// <summary>The clock for latencies and for retries after a full disk.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What appends leave free for votes and terms when the disk is full, in bytes.</summary>
    internal int ReservedBytes => SegmentBytes / 16;

    internal void Validate()
    {
        if (NodeId == Guid.Empty) throw new ArgumentException("The node id salts the log and may not be empty.");
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, 16 << 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, BatchBuffer.MaximumBytes);
        if (SegmentBytes % BatchBuffer.PageBytes != 0) throw new ArgumentException($"A segment is a multiple of {BatchBuffer.PageBytes} bytes, not {SegmentBytes}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentsBehind, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumBatchBytes, 16 << 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaximumBatchBytes, BatchBuffer.MaximumBytes / 2);
    }
}
