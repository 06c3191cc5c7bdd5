using Quorleans.GrainInterfaces;
using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Grains.Raft;

// Changes of a group's configuration, as they come from outside.
public sealed partial class NodeService
{
    /// <summary>Changes a group's configuration, if this node leads it.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="request">The change.</param>
    /// <returns>What became of it, when that is known.</returns>
    public async Task<MembershipReply> ChangeMembershipAsync(string group, MembershipRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Raft is not { } raft) return new MembershipReply(MembershipStatus.Unavailable, null, Problem);
        MembershipChange change = new()
        {
            Expected = new LogIndex(request.Expected),
            Add = request.AddNode is null ? [] : [new NewMember(request.AddNode, request.AddNodeId)],
            Promote = [.. request.Promote.Select(static id => new MemberId(id))],
            Remove = [.. request.Remove.Select(static id => new MemberId(id))],
            Force = request.Force,
        };
        MembershipOutcome outcome = await raft.ChangeMembershipAsync(group, change).ConfigureAwait(false);
        return new MembershipReply(ToStatus(outcome), outcome.Leader, outcome.Error);
    }

    private static MembershipStatus ToStatus(MembershipOutcome outcome) => outcome.Status switch
    {
        MembershipChangeStatus.Accepted => outcome.IsDone ? MembershipStatus.Done : MembershipStatus.Unknown,
        MembershipChangeStatus.NotLeader => MembershipStatus.NotLeader,
        MembershipChangeStatus.NotReady or MembershipChangeStatus.InProgress => MembershipStatus.NotReady,
        MembershipChangeStatus.Stale => MembershipStatus.Stale,
        MembershipChangeStatus.Invalid => MembershipStatus.Invalid,
        MembershipChangeStatus.Unchanged => MembershipStatus.Unchanged,
        MembershipChangeStatus.NotCaughtUp => MembershipStatus.NotCaughtUp,
        MembershipChangeStatus.NoQuorum => MembershipStatus.NoQuorum,
        _ => MembershipStatus.Unavailable,
    };

    private static MemberStatus[] DescribeMembers(ReplicaState state)
    {
        if (state.Members.Count == 0)
            return [.. state.Membership.All().Select(member => Describe(member, KindOf(state.Membership, member.Id)))];
        return
        [
            .. state.Members.Select(static seen => Describe(seen.Member, seen.Kind) with
            {
                IsActive = seen.IsActive, MatchIndex = seen.Match.Value, IsCaughtUp = seen.IsCaughtUp, SnapshotBytes = seen.SnapshotOffset,
            }),
        ];
    }

    private static MemberStatus Describe(Member member, MemberKind kind) =>
        new() { Id = member.Id.Value, Node = member.Node, NodeId = member.NodeId, Kind = kind.ToString() };

    private static MemberKind KindOf(Membership membership, MemberId id) =>
        !membership.IsVoter(id) ? MemberKind.Learner : membership.Voters.Any(voter => voter.Id == id) ? MemberKind.Voter : MemberKind.Leaving;
}
