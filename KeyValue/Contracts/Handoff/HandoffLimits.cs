namespace Quorleans.KeyValue;

/// <summary>
/// How large a hand-off's steps are, and when it freezes. No result depends on them, so replicas and groups may differ in them.
/// </summary>
public sealed record HandoffLimits
{
    /// <summary>The defaults.</summary>
    public static HandoffLimits Default { get; } = new();

    /// <summary>Bytes of one chunk of the copy, at most, beside one key and one transaction's results; 64 KiB.</summary>
    public int ChunkBytes { get; init; } = 64 << 10;

    /// <summary>Bytes of operations in one delta after which no further one is added; 64 KiB.</summary>
    public int DeltaBytes { get; init; } = 64 << 10;

    /// <summary>Bytes of the operations that an activation may carry; 256 KiB. What is more goes ahead of it as deltas.</summary>
    public int FinalBytes { get; init; } = 256 << 10;

    /// <summary>Operations that the destination may lack when the source freezes; 64.</summary>
    public int FreezeLagOperations { get; init; } = 64;

    /// <summary>Their bytes; 256 KiB.</summary>
    public int FreezeLagBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Bytes of operations that a replica keeps for one export until the destination has them; 64 MiB. Above, the replica forgets its view, and
    /// if it leads, the copy starts again.
    /// </summary>
    public long BufferBytes { get; init; } = 64 << 20;

    /// <summary>When a client shall ask again for a shard between freeze and activation, in milliseconds; 3.</summary>
    public int MovingRetryMs { get; init; } = 3;
}
