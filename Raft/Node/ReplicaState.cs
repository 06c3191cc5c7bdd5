namespace Quorleans.Raft.Node;

/// <summary>A replica as it stands, for people.</summary>
public sealed record ReplicaState
{
    /// <summary>The group.</summary>
    public required GroupId Group { get; init; }

    /// <summary>Its member id.</summary>
    public required MemberId Self { get; init; }

    /// <summary>Why it does not run any more, or null while it does.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether the log lacks space, so that at least large writes are refused.</summary>
    public bool DiskFull { get; init; }

    /// <summary>Whether it has no space for even the smallest write.</summary>
    public bool DiskExhausted { get; init; }

    /// <summary>Whether the group's configuration, as this replica knows it, has this member.</summary>
    public bool IsMember { get; init; }

    /// <summary>Its role.</summary>
    public RaftRole Role { get; init; }

    /// <summary>Its term.</summary>
    public Term Term { get; init; }

    /// <summary>The node of the leader it follows, or null.</summary>
    public string? Leader { get; init; }

    /// <summary>The first index in memory.</summary>
    public LogIndex First { get; init; }

    /// <summary>The last index.</summary>
    public LogIndex Last { get; init; }

    /// <summary>The last index that is durable here.</summary>
    public LogIndex Durable { get; init; }

    /// <summary>The commit index.</summary>
    public LogIndex Commit { get; init; }

    /// <summary>The applied index.</summary>
    public LogIndex Applied { get; init; }

    /// <summary>The newest snapshot's index, or 0.</summary>
    public LogIndex Snapshot { get; init; }

    /// <summary>Live bytes of its log: encoded entries and hard state, without padding.</summary>
    public long LogBytes { get; init; }

    /// <summary>Entries that are not applied here yet, committed or not.</summary>
    public long PendingEntries { get; init; }

    /// <summary>Their bytes.</summary>
    public long PendingBytes { get; init; }

    /// <summary>Clients' batches of writes that wait here for the loop or for their outcome.</summary>
    public int Writes { get; init; }

    /// <summary>Clients' batches of reads that do.</summary>
    public int Reads { get; init; }

    /// <summary>Other members' requests that wait here for their answer, such as for the disk.</summary>
    public int WaitingRequests { get; init; }

    /// <summary>The bytes of entries and chunks in them.</summary>
    public long WaitingRequestBytes { get; init; }

    /// <summary>The configuration in force.</summary>
    public required Membership Membership { get; init; }

    /// <summary>The members as the leader sees them; empty when this replica does not lead.</summary>
    public IReadOnlyList<MemberProgress> Members { get; init; } = [];

    /// <summary>The group's log time as known here.</summary>
    public LogTime Time { get; init; }
}
