namespace Quorleans.GrainInterfaces;

/// <summary>What a replica made of a submitted batch as a whole. The batch's own operations have results of their own.</summary>
[GenerateSerializer, Alias("Quorleans.SubmitStatus")]
public enum SubmitStatus
{
    /// <summary>Done; <see cref="SubmitReply.Result"/> holds one result for each operation.</summary>
    Ok = 0,

    /// <summary>This replica does not lead, and logged nothing. <see cref="SubmitReply.LeaderHint"/> may say who does.</summary>
    NotLeader = 1,

    /// <summary>Too much is waiting already; nothing was logged. Try again after a pause.</summary>
    Busy = 2,

    /// <summary>The batch is malformed or over a limit; nothing was logged. <see cref="SubmitReply.Error"/> says what.</summary>
    Invalid = 3,

    /// <summary>Logged by this leader, but it lost its leadership before it could tell the outcome.</summary>
    Unknown = 4,

    /// <summary>The replica cannot serve: stopped, corrupt, not a member, of another cluster or incarnation. Nothing was logged.</summary>
    Unavailable = 5,

    /// <summary>The node has no space left for its log; nothing was logged.</summary>
    DiskFull = 6,
}
