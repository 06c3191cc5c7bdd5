namespace Quorleans.Raft.Node;

/// <summary>What became of a proposal or a query.</summary>
public enum OutcomeStatus
{
    /// <summary>Committed and applied here; or, for a query, answered.</summary>
    Ok,

    /// <summary>This replica does not lead. Nothing was logged.</summary>
    NotLeader,

    /// <summary>Too much is pending. Nothing was logged.</summary>
    Busy,

    /// <summary>Malformed or over a limit. Nothing was logged.</summary>
    Invalid,

    /// <summary>Logged, but the leadership was lost before the outcome was known here.</summary>
    Unknown,

    /// <summary>The replica does not run. Nothing was logged.</summary>
    Unavailable,

    /// <summary>The disk has no space for the log. Nothing was logged.</summary>
    DiskFull,
}

/// <summary>The answer to a proposal or a query.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Result">What the state machine returned, if <see cref="OutcomeStatus.Ok"/>.</param>
/// <param name="Leader">
/// The node that leads as far as this replica knows, or null. With <see cref="OutcomeStatus.Ok"/>, null says that this replica leads itself;
/// a follower that answered a read names the leader, or is empty when it knows none.
/// </param>
/// <param name="Time">The group's log time as this replica knows it.</param>
/// <param name="Error">What is wrong, for a person, or null.</param>
/// <param name="RetryAfterMs">With <see cref="OutcomeStatus.Busy"/>: after how many milliseconds it is worth another try.</param>
public readonly record struct Outcome(OutcomeStatus Status, ReadOnlyMemory<byte> Result, string? Leader, LogTime Time, string? Error, int RetryAfterMs = 0);
