namespace Quorleans.Raft;

/// <summary>What a member's disk held when its core is made.</summary>
public sealed record RaftRestore
{
    /// <summary>Term, vote and commit hint.</summary>
    public HardState HardState { get; init; }

    /// <summary>The configuration that the group was created with.</summary>
    public required Membership InitialMembership { get; init; }

    /// <summary>The newest snapshot, already loaded into the state machine; or null.</summary>
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>The entries behind the snapshot, without gaps; all of them durable.</summary>
    public IReadOnlyList<LogEntry> Entries { get; init; } = [];
}
