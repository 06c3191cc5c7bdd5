namespace Quorleans.Raft;

/// <summary>What a member is at the moment (paper, figure 4; PreCandidate from dissertation §9.6).</summary>
public enum RaftRole
{
    /// <summary>Follows a leader, or waits for one. A member without a vote stays here.</summary>
    Follower,

    /// <summary>Asks whether it could win an election, without disturbing anybody's term.</summary>
    PreCandidate,

    /// <summary>Asks for votes.</summary>
    Candidate,

    /// <summary>Leads.</summary>
    Leader,
}
