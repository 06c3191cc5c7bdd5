namespace Quorleans.Clerk;

/// <summary>What a replica made of a batch as a whole; the numbers are those of the wire's submit status.</summary>
public enum ReplyStatus
{
    /// <summary>Done; the result holds one result for each operation.</summary>
    Ok = 0,

    /// <summary>It does not lead, and logged nothing.</summary>
    NotLeader = 1,

    /// <summary>Too much is waiting; nothing was logged.</summary>
    Busy = 2,

    /// <summary>Malformed, or over a limit; nothing was logged.</summary>
    Invalid = 3,

    /// <summary>Logged, but the leader lost its leadership before it could tell the outcome.</summary>
    Unknown = 4,

    /// <summary>The replica cannot serve; nothing was logged.</summary>
    Unavailable = 5,

    /// <summary>No space left for the log; nothing was logged.</summary>
    DiskFull = 6,
}

/// <summary>A replica's answer to an attempt.</summary>
/// <param name="Status">What became of the batch.</param>
/// <param name="Result">One encoded result for each operation, or empty.</param>
/// <param name="LeaderHint">
/// The node that leads as far as the replica knows, or null. With <see cref="ReplyStatus.Ok"/>, null (or its own name) says that it leads itself.
/// </param>
/// <param name="LogTimeMs">The group's log time in milliseconds as the replica knows it.</param>
/// <param name="Error">What is wrong, for a person, or null.</param>
/// <param name="MayBeCopy">
/// Whether the attempt may have reached the replica twice, so that this may be the second copy's answer. Then "its shard is not here" is no proof
/// that nothing happened: the first copy may have been applied before the shard moved. Whole refusals are to be given as <see cref="ReplyStatus.Unknown"/>.
/// </param>
/// <param name="RetryAfterMs">With <see cref="ReplyStatus.Busy"/>: after how many milliseconds the replica thinks it worth another try, or 0.</param>
public readonly record struct ClerkReply(
    ReplyStatus Status, ReadOnlyMemory<byte> Result, string? LeaderHint = null, long LogTimeMs = 0, string? Error = null, bool MayBeCopy = false, int RetryAfterMs = 0);

/// <summary>How an attempt failed without an answer.</summary>
public enum AttemptFailure
{
    /// <summary>It surely did not reach the replica, and will not.</summary>
    NotDelivered,

    /// <summary>It may have reached the replica.</summary>
    Unknown,
}
