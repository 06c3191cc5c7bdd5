namespace Quorleans.Raft;

/// <summary>
/// A message between two members of a group. One type for all kinds keeps the core's inbox and the codec small; each property says which
/// kinds use it. Immutable once sent: the entries' payloads are shared with the log.
/// </summary>
public sealed class RaftMessage
{
    private long _context;

    /// <summary>What it is.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>The sender.</summary>
    public required MemberId From { get; init; }

    /// <summary>The receiver. A message to another member id than the receiver's own is refused: its disk is not the one that is meant.</summary>
    public required MemberId To { get; init; }

    /// <summary>The sender's term; for a pre-vote and its grant, the term that the election would have.</summary>
    public required Term Term { get; init; }

    /// <summary>Requests: the sender's number for this request. Replies: the number of the request answered.</summary>
    public long Sequence { get; init; }

    /// <summary>RequestVote and its reply: only a question whether a vote would be given (dissertation §9.6).</summary>
    public bool PreVote { get; init; }

    /// <summary>RequestVote: the election was ordered by the leader, so loyalty to it does not stand in the way (dissertation §4.2.3).</summary>
    public bool Forced { get; init; }

    /// <summary>
    /// RequestVoteReply: the receiver is no member any more and never will be again: its id is older than a committed configuration that does not have it.
    /// </summary>
    public bool Removed { get; init; }

    /// <summary>Join: the disk that the member is bound to.</summary>
    public Guid NodeId { get; init; }

    /// <summary>Join: the configuration before the log's first entry.</summary>
    public Membership? Initial { get; init; }

    /// <summary>Replies: vote granted, entries matched, chunk taken, read index confirmed.</summary>
    public bool Accepted { get; init; }

    /// <summary>
    /// RequestVote: the last index of the candidate's log. AppendEntries: the index before the entries. A refusing AppendEntriesReply: that index
    /// again. ReadIndexReply: the read index.
    /// </summary>
    public LogIndex Index { get; init; }

    /// <summary>The term of the entry at <see cref="Index"/> in requests.</summary>
    public Term IndexTerm { get; init; }

    /// <summary>AppendEntries: the leader's commit index, at most what the message lets the follower know to match.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>AppendEntries: the leader's log time, so that followers of a quiet group know it too.</summary>
    public LogTime Time { get; init; }

    /// <summary>AppendEntries: the entries, in order, from <see cref="Index"/> + 1.</summary>
    public LogEntry[] Entries { get; init; } = [];

    /// <summary>AppendEntries and its reply: the newest round of read confirmation, (term, round) being the leader's own name for it.</summary>
    public long ReadRound { get; init; }

    /// <summary>AppendEntriesReply, InstallSnapshotReply: up to here the follower's durable log is known to equal the leader's.</summary>
    public LogIndex Match { get; init; }

    /// <summary>A refusing AppendEntriesReply: the first index of <see cref="ConflictTerm"/> in the follower's log, or the one after its last.</summary>
    public LogIndex ConflictIndex { get; init; }

    /// <summary>A refusing AppendEntriesReply: the term that stands at <see cref="Index"/>, or 0 when nothing does.</summary>
    public Term ConflictTerm { get; init; }

    /// <summary>InstallSnapshot: what the snapshot covers.</summary>
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>InstallSnapshot: where in the snapshot's file the chunk belongs. Its reply: the offset wanted next.</summary>
    public long Offset { get; init; }

    /// <summary>InstallSnapshot: the length of the whole file in bytes.</summary>
    public long TotalBytes { get; init; }

    /// <summary>InstallSnapshot: the chunk.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Not on the wire: the receiving driver's name for a request, which the core copies into the reply.</summary>
    public long Context
    {
        get => _context;
        init => _context = value;
    }

    /// <summary>An InstallSnapshot with its chunk, which only the driver can read.</summary>
    /// <param name="data">The chunk at <see cref="Offset"/>.</param>
    /// <param name="totalBytes">The length of the whole file.</param>
    public RaftMessage WithChunk(ReadOnlyMemory<byte> data, long totalBytes) => new()
    {
        Kind = Kind, From = From, To = To, Term = Term, Sequence = Sequence, Snapshot = Snapshot, Offset = Offset, Data = data, TotalBytes = totalBytes,
    };

    /// <summary>A request under the receiving driver's own name for it.</summary>
    /// <param name="context">The name; comes back in the reply.</param>
    public RaftMessage WithContext(long context)
    {
        RaftMessage copy = (RaftMessage)MemberwiseClone();
        copy._context = context;
        return copy;
    }

    /// <inheritdoc/>
    public override string ToString() => MessageText.Describe(this);
}
