namespace Quorleans.Raft;

/// <summary>What a snapshot replaces (paper §7): the log up to <see cref="Index"/>, with the configuration as of there.</summary>
/// <param name="Index">The last index it covers.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="Time">That entry's log time.</param>
/// <param name="Membership">The latest configuration at or before <paramref name="Index"/>.</param>
public sealed record SnapshotMetadata(LogIndex Index, Term Term, LogTime Time, Membership Membership);
