namespace Quorleans.Raft;

/// <summary>The kinds of Raft messages. The numbers stand on the wire. A reply's number is its request's plus one.</summary>
public enum MessageKind : byte
{
    /// <summary>Asks for a vote (paper §5.2), or whether one would be given.</summary>
    RequestVote = 1,

    /// <summary>Answers <see cref="RequestVote"/>.</summary>
    RequestVoteReply = 2,

    /// <summary>Replicates entries; a heartbeat when it carries none (paper §5.3).</summary>
    AppendEntries = 3,

    /// <summary>Answers <see cref="AppendEntries"/>, once the entries are durable.</summary>
    AppendEntriesReply = 4,

    /// <summary>Carries a chunk of a snapshot (paper §7).</summary>
    InstallSnapshot = 5,

    /// <summary>Answers <see cref="InstallSnapshot"/>.</summary>
    InstallSnapshotReply = 6,

    /// <summary>Tells a follower to campaign at once (dissertation §3.10).</summary>
    TimeoutNow = 7,

    /// <summary>Answers <see cref="TimeoutNow"/>.</summary>
    TimeoutNowReply = 8,

    /// <summary>A follower asks the leader for a read index (dissertation §6.4).</summary>
    ReadIndex = 9,

    /// <summary>Answers <see cref="ReadIndex"/>.</summary>
    ReadIndexReply = 10,

    /// <summary>A leader tells a node that it has become a learner of a group, so that it makes an empty replica. For the node, not for a core.</summary>
    Join = 11,

    /// <summary>Answers <see cref="Join"/>.</summary>
    JoinReply = 12,
}
