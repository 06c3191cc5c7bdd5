namespace Quorleans.Raft;

/// <summary>What part a member has in a configuration.</summary>
public enum MemberKind
{
    /// <summary>It votes.</summary>
    Voter,

    /// <summary>It receives the log and does not vote.</summary>
    Learner,

    /// <summary>In a joint configuration: it votes until that is left.</summary>
    Leaving,
}

/// <summary>A member as the leader sees it.</summary>
/// <param name="Member">The member.</param>
/// <param name="Kind">Its part in the configuration.</param>
/// <param name="IsActive">Whether it was heard from during the last election timeout; always so for the leader itself.</param>
/// <param name="Match">Its durable log is known to equal the leader's up to here.</param>
/// <param name="IsCaughtUp">Whether it could be promoted: it is active, and one message carries all that it lacks.</param>
/// <param name="SnapshotOffset">How many bytes of a snapshot it has taken so far, or -1 when it is not being sent one.</param>
public readonly record struct MemberProgress(Member Member, MemberKind Kind, bool IsActive, LogIndex Match, bool IsCaughtUp, long SnapshotOffset);
