namespace Quorleans.GrainInterfaces;

/// <summary>A replica as the dashboard and the console show it. Cheap to make; read without stopping the replica.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.ReplicaStatus")]
public sealed record ReplicaStatus
{
    /// <summary>The group's name.</summary>
    [Id(0)] public required string Group { get; init; }

    /// <summary>The group's incarnation.</summary>
    [Id(1)] public long Incarnation { get; init; }

    /// <summary>The node that hosts the replica.</summary>
    [Id(2)] public required string Node { get; init; }

    /// <summary>Its member id in the group; 0 when it is not a member.</summary>
    [Id(3)] public int MemberId { get; init; }

    /// <summary><c>Running</c>, or why it does not serve: <c>Corrupt</c>, <c>NotMember</c>, <c>Failed</c>, <c>Stopped</c>, <c>DiskFull</c>.</summary>
    [Id(4)] public required string State { get; init; }

    /// <summary>More about <see cref="State"/>, such as file and offset of a corruption; null when all is well.</summary>
    [Id(5)] public string? Detail { get; init; }

    /// <summary><c>Follower</c>, <c>PreCandidate</c>, <c>Candidate</c>, <c>Leader</c> or <c>Learner</c>.</summary>
    [Id(6)] public string Role { get; init; } = "";

    /// <summary>Its current term.</summary>
    [Id(7)] public long Term { get; init; }

    /// <summary>The node that it takes for the leader, or null.</summary>
    [Id(8)] public string? Leader { get; init; }

    /// <summary>The first index still in its log.</summary>
    [Id(9)] public long FirstIndex { get; init; }

    /// <summary>The last index in its log.</summary>
    [Id(10)] public long LastIndex { get; init; }

    /// <summary>The highest index that is durable on its own disk.</summary>
    [Id(11)] public long DurableIndex { get; init; }

    /// <summary>The highest index known committed.</summary>
    [Id(12)] public long CommitIndex { get; init; }

    /// <summary>The highest index applied to its state machine.</summary>
    [Id(13)] public long AppliedIndex { get; init; }

    /// <summary>The last index of its newest snapshot; 0 when there is none.</summary>
    [Id(14)] public long SnapshotIndex { get; init; }

    /// <summary>Bytes of live entries in its log.</summary>
    [Id(15)] public long LogBytes { get; init; }

    /// <summary>Live keys in its state machine.</summary>
    [Id(16)] public long Keys { get; init; }

    /// <summary>The nodes of the voters.</summary>
    [Id(17)] public IReadOnlyList<string> Voters { get; init; } = [];

    /// <summary>The random id of the node's data directory. Known of every node that answers, member or not.</summary>
    [Id(18)] public Guid NodeId { get; init; }

    /// <summary>The index of the configuration that it has; changes of configuration name it.</summary>
    [Id(19)] public long ConfigurationIndex { get; init; }

    /// <summary>Whether a change of configuration is not over: its entry is not committed, or the configuration is joint.</summary>
    [Id(20)] public bool IsChanging { get; init; }

    /// <summary>The members. What they do is known to the leader only.</summary>
    [Id(21)] public IReadOnlyList<MemberStatus> Members { get; init; } = [];
}
