namespace Quorleans.Raft;

/// <summary>Whether a change of configuration was begun.</summary>
public enum MembershipChangeStatus
{
    /// <summary>Its entry stands in the leader's log and is in force. It is done when that is committed and the configuration is not joint any more.</summary>
    Accepted,

    /// <summary>This member does not lead, or is handing the leadership over.</summary>
    NotLeader,

    /// <summary>The leader has not committed in its own term yet, so it may not know what is committed (Ongaro's correction of 2015). Try again soon.</summary>
    NotReady,

    /// <summary>The change before this one is not over yet. Try again soon.</summary>
    InProgress,

    /// <summary>The configuration is not the one that the change was computed from. Look at it again.</summary>
    Stale,

    /// <summary>The change makes no sense: an unknown member, a voter promoted, one disk twice, nobody left, too many. The error says which.</summary>
    Invalid,

    /// <summary>Everything is as wished already.</summary>
    Unchanged,

    /// <summary>A learner to be promoted lacks too much of the log, or is not heard from.</summary>
    NotCaughtUp,

    /// <summary>So few of the voters before or after the change are heard from that it would leave the group without a live quorum.</summary>
    NoQuorum,
}

/// <summary>The answer to a change of configuration.</summary>
/// <param name="Status">Whether it was begun.</param>
/// <param name="Index">Where its entry stands, if so. Another entry may end up there: only (index, term) names it.</param>
/// <param name="Term">The entry's term.</param>
/// <param name="Error">Why not, and the way out; for a forced change, what it costs. For a person.</param>
public readonly record struct MembershipChangeResult(MembershipChangeStatus Status, LogIndex Index, Term Term, string? Error);
