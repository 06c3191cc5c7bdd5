namespace Quorleans.KeyValue.Store;

/// <summary>What an operation that is done was answered, for its retries.</summary>
/// <param name="Sequence">The operation's sequence.</param>
/// <param name="Version">The version answered.</param>
/// <param name="DeadlineMs">The operation's deadline; <see cref="Session.NoDeadline"/> when it has none.</param>
/// <param name="Status">The status answered.</param>
/// <param name="Body">A transaction's batch of results; null for all others. Never changed.</param>
internal readonly record struct CachedResult(long Sequence, long Version, long DeadlineMs, OperationStatus Status, byte[]? Body = null)
{
    /// <summary>Set beside the status where results are encoded and a body follows.</summary>
    public const byte BodyFlag = 0x80;

    /// <summary>Bytes of a body, at most, that a damaged length may cost; the cluster's limits are lower.</summary>
    public const int MaxBodyBytes = 1 << 23;

    /// <summary>The body's bytes; 0 without one.</summary>
    public int BodyBytes => Body?.Length ?? 0;

    /// <summary>What an encoding takes at most.</summary>
    public int MaxEncodedBytes => 32 + (Body is null ? 0 : 5 + Body.Length);

    /// <summary>The status with the flag, as it is encoded.</summary>
    public byte EncodedStatus => (byte)((byte)Status | (Body is null ? 0 : BodyFlag));

    /// <summary>Whether operations that are done have this status.</summary>
    public static bool IsOfDone(OperationStatus status) =>
        status is OperationStatus.Ok or OperationStatus.NotFound or OperationStatus.CompareFailed or OperationStatus.ValueTooLarge or OperationStatus.ResultTooLarge;

    /// <summary>Whether such an encoded status may be.</summary>
    public static bool IsEncodedStatus(byte encoded)
    {
        var status = (OperationStatus)(encoded & ~BodyFlag);
        return IsOfDone(status) && (encoded < BodyFlag || status is OperationStatus.Ok or OperationStatus.CompareFailed);
    }
}
