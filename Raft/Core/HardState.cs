namespace Quorleans.Raft;

/// <summary>What a member must never forget (paper, figure 2), and the commit index, which it may.</summary>
/// <param name="Term">The latest term seen.</param>
/// <param name="Vote">Who got the vote in that term, or none.</param>
/// <param name="Commit">The highest index known committed. Only a hint after a restart: it saves work, not safety.</param>
public readonly record struct HardState(Term Term, MemberId Vote, LogIndex Commit);
