namespace Quorleans.Raft;

/// <summary>Whether a proposal was taken into the log.</summary>
public enum ProposeStatus
{
    /// <summary>It stands in the leader's log. Whether it will be committed is not known yet.</summary>
    Accepted,

    /// <summary>This member does not lead, or is handing the leadership over. Nothing was logged.</summary>
    NotLeader,

    /// <summary>Too much is pending (<see cref="RaftOptions.MaxPendingBytes"/>, <see cref="RaftOptions.MaxPendingEntries"/>). Nothing was logged.</summary>
    Busy,

    /// <summary>Over <see cref="RaftOptions.MaxEntryBytes"/>. Nothing was logged.</summary>
    TooLarge,
}

/// <summary>The answer to a proposal.</summary>
/// <param name="Status">Whether it was taken.</param>
/// <param name="Index">Where it stands, if taken. Another entry may end up there: only (index, term) names the proposal.</param>
/// <param name="Term">Its term, if taken.</param>
public readonly record struct ProposeResult(ProposeStatus Status, LogIndex Index, Term Term);
