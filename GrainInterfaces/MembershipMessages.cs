namespace Quorleans.GrainInterfaces;

/// <summary>A wish to change a group's configuration. New members come in as learners; a later request promotes them.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.MembershipRequest")]
public sealed record MembershipRequest
{
    /// <summary>The index of the configuration that the change was computed from (<see cref="ReplicaStatus.ConfigurationIndex"/>); with any other it is refused.</summary>
    [Id(0)] public required long Expected { get; init; }

    /// <summary>The node whose disk is to become a learner, or null.</summary>
    [Id(1)] public string? AddNode { get; init; }

    /// <summary>That disk's id (<see cref="ReplicaStatus.NodeId"/>).</summary>
    [Id(2)] public Guid AddNodeId { get; init; }

    /// <summary>Learners to make voters, by id.</summary>
    [Id(3)] public IReadOnlyList<int> Promote { get; init; } = [];

    /// <summary>Members to remove, by id.</summary>
    [Id(4)] public IReadOnlyList<int> Remove { get; init; } = [];

    /// <summary>Whether to go on although a learner is behind, or the group will then have no quorum that is alive.</summary>
    [Id(5)] public bool Force { get; init; }
}

/// <summary>Whether a change of configuration was begun. The numbers cross process borders.</summary>
public enum MembershipStatus
{
    /// <summary>It is over: committed, and not joint any more.</summary>
    Done = 0,

    /// <summary>It was begun, and the leadership lost before it was over: the next leader ends it or drops it. Look at the members.</summary>
    Unknown = 1,

    /// <summary>This replica does not lead. Nothing was begun.</summary>
    NotLeader = 2,

    /// <summary>Another change is not over, or the leader has just begun its term. Try again soon.</summary>
    NotReady = 3,

    /// <summary>The configuration is another than the one that was expected. Look at the members again.</summary>
    Stale = 4,

    /// <summary>It makes no sense; the error says why.</summary>
    Invalid = 5,

    /// <summary>Everything is as wished already.</summary>
    Unchanged = 6,

    /// <summary>A learner is too far behind to be promoted, or not heard from.</summary>
    NotCaughtUp = 7,

    /// <summary>It would leave the group without a quorum that is alive.</summary>
    NoQuorum = 8,

    /// <summary>The node has no such replica, or does not run.</summary>
    Unavailable = 9,
}

/// <summary>The answer to a <see cref="MembershipRequest"/>.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Leader">The node that leads as far as this replica knows, or null.</param>
/// <param name="Error">Why not; or, for a forced change, what it costs. For a person; otherwise null.</param>
[GenerateSerializer, Immutable, Alias("Quorleans.MembershipReply")]
public sealed record MembershipReply([property: Id(0)] MembershipStatus Status, [property: Id(1)] string? Leader, [property: Id(2)] string? Error);

/// <summary>A member of a group, as a replica knows it; what it does is known to the leader only.</summary>
[GenerateSerializer, Immutable, Alias("Quorleans.MemberStatus")]
public sealed record MemberStatus
{
    /// <summary>Its id, which no other member of the group ever had or will have.</summary>
    [Id(0)] public required int Id { get; init; }

    /// <summary>Its node.</summary>
    [Id(1)] public required string Node { get; init; }

    /// <summary>The disk that it is bound to.</summary>
    [Id(2)] public required Guid NodeId { get; init; }

    /// <summary><c>Voter</c>, <c>Learner</c>, or <c>Leaving</c>: it votes until a joint configuration is left.</summary>
    [Id(3)] public required string Kind { get; init; }

    /// <summary>Whether the leader has heard from it during the last election timeout. False from a replica that does not lead.</summary>
    [Id(4)] public bool IsActive { get; init; }

    /// <summary>Up to here its durable log is known to equal the leader's; -1 from a replica that does not lead.</summary>
    [Id(5)] public long MatchIndex { get; init; } = -1;

    /// <summary>Whether it could be promoted: one message carries all that it lacks.</summary>
    [Id(6)] public bool IsCaughtUp { get; init; }

    /// <summary>How many bytes of a snapshot it has taken so far; -1 when it is not being sent one.</summary>
    [Id(7)] public long SnapshotBytes { get; init; } = -1;
}
