using System.Collections.Immutable;

namespace Quorleans.Raft;

/// <summary>
/// A wish to change a group's configuration (paper §6). New members come in as learners, which have no vote; a later change promotes them when they
/// have caught up (dissertation §4.2.1). A change of voters goes through a joint configuration, which whoever leads ends by itself.
/// </summary>
public sealed record MembershipChange
{
    /// <summary>
    /// The <see cref="Membership.Index"/> of the configuration that the change was computed from. With any other in force it is refused: two who
    /// change at once must not undo what each other relied on.
    /// </summary>
    public required LogIndex Expected { get; init; }

    /// <summary>Disks to add as learners. Each gets an id that no member ever had.</summary>
    public ImmutableArray<NewMember> Add { get; init; } = [];

    /// <summary>Learners to make voters.</summary>
    public ImmutableArray<MemberId> Promote { get; init; } = [];

    /// <summary>Members to remove, voters or learners. They never come back: their node may join again, as another member.</summary>
    public ImmutableArray<MemberId> Remove { get; init; } = [];

    /// <summary>Whether to go on although a learner is behind, or the group will then have no quorum that is alive.</summary>
    public bool Force { get; init; }
}

/// <summary>A disk that is to become a member.</summary>
/// <param name="Node">The name of its node.</param>
/// <param name="NodeId">The random id of the node's data directory.</param>
public readonly record struct NewMember(string Node, Guid NodeId);
