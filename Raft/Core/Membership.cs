using System.Collections.Immutable;

namespace Quorleans.Raft;

/// <summary>
/// A configuration of a group (paper §6). While <see cref="Outgoing"/> is not empty it is a joint one: decisions need a majority of
/// <see cref="Voters"/> and a majority of <see cref="Outgoing"/>.
/// </summary>
public sealed partial record Membership
{
    /// <summary>The members that vote, by id.</summary>
    public ImmutableArray<Member> Voters { get; init; } = [];

    /// <summary>The old voters of a joint configuration, by id; otherwise empty.</summary>
    public ImmutableArray<Member> Outgoing { get; init; } = [];

    /// <summary>Members that receive the log and do not vote, by id.</summary>
    public ImmutableArray<Member> Learners { get; init; } = [];

    /// <summary>The id that the next new member gets. Ids are never used twice.</summary>
    public MemberId NextId { get; init; } = new(1);

    /// <summary>The index of the entry that holds this configuration; 0 for the one that the group was created with.</summary>
    public LogIndex Index { get; init; }

    /// <summary>Whether two majorities are needed.</summary>
    public bool IsJoint => !Outgoing.IsDefaultOrEmpty;

    /// <summary>The first configuration of a group: one voter for each node, ids from 1 in the order given.</summary>
    /// <param name="nodes">Names and disk ids of the nodes.</param>
    /// <returns>The configuration, with index 0.</returns>
    public static Membership Initial(IEnumerable<(string Node, Guid NodeId)> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ImmutableArray<Member>.Builder voters = ImmutableArray.CreateBuilder<Member>();
        foreach ((string node, Guid nodeId) in nodes) voters.Add(new Member(new MemberId(voters.Count + 1), node, nodeId));
        return new Membership { Voters = voters.ToImmutable(), NextId = new MemberId(voters.Count + 1) };
    }

    /// <summary>Whether the member has a vote, in either half of a joint configuration.</summary>
    public bool IsVoter(MemberId id) => Contains(Voters, id) || Contains(Outgoing, id);

    /// <summary>Whether the member is in the group at all.</summary>
    public bool IsMember(MemberId id) => IsVoter(id) || Contains(Learners, id);

    /// <summary>Finds a member by id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="member">The member found.</param>
    /// <returns>Whether it is in the group.</returns>
    public bool TryGet(MemberId id, out Member member)
    {
        foreach (Member candidate in All())
        {
            if (candidate.Id != id) continue;
            member = candidate;
            return true;
        }

        member = default;
        return false;
    }

    /// <summary>Every member once, voters first.</summary>
    public IEnumerable<Member> All()
    {
        foreach (Member member in Voters) yield return member;
        foreach (Member member in Outgoing)
            if (!Contains(Voters, member.Id)) yield return member;
        foreach (Member member in Learners)
            if (!IsVoter(member.Id)) yield return member;
    }

    /// <inheritdoc/>
    public bool Equals(Membership? other) =>
        other is not null && Index == other.Index && NextId == other.NextId
        && Voters.AsSpan().SequenceEqual(other.Voters.AsSpan())
        && Outgoing.AsSpan().SequenceEqual(other.Outgoing.AsSpan())
        && Learners.AsSpan().SequenceEqual(other.Learners.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Index.Value ^ (Voters.Length << 16);

    private static bool Contains(ImmutableArray<Member> members, MemberId id)
    {
        foreach (Member member in members)
            if (member.Id == id) return true;
        return false;
    }
}
