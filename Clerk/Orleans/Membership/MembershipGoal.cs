using Quorleans.GrainInterfaces;

namespace Quorleans.Clerk;

/// <summary>What is to be done next to reach a goal: a request, or to look again soon.</summary>
/// <param name="Progress">Where it stands.</param>
/// <param name="Request">What to ask the leader for, or null.</param>
internal readonly record struct MembershipMove(MembershipProgress Progress, MembershipRequest? Request)
{
    internal static MembershipMove Wait(string why) => new(new MembershipProgress(MembershipStep.Waiting, why), null);
}

/// <summary>
/// What shall be: one disk a voter, one node's other disks gone. Decides from the leader's state alone, so it does not matter who brought the group to where it is.
/// </summary>
/// <param name="group">The group.</param>
/// <param name="comes">The node that gets a replica, or null.</param>
/// <param name="disk">That node's disk.</param>
/// <param name="goes">The node whose replica goes, or null.</param>
internal sealed class MembershipGoal(string group, string? comes, Guid disk, string? goes)
{
    private bool _begun;

    internal MembershipMove Next(ReplicaStatus leader, bool force)
    {
        if (leader.IsChanging) return MembershipMove.Wait($"{group} is in the middle of a change");
        MemberStatus? added = leader.Members.FirstOrDefault(member => comes is not null && member.NodeId == disk);
        // With the same name twice, what goes is the node's other disk.
        List<MemberStatus> leaving = [.. leader.Members.Where(member => goes is not null && member.Node == goes && (comes is null || member.NodeId != disk))];
        if (goes is not null && leaving.Count == 0 && !_begun && added?.Kind != "Voter")
            throw new MembershipException($"{group} has no replica on {goes}; it has on {string.Join(", ", leader.Members.Select(static member => member.Node))}.");
        _begun = true;
        if (comes is not null && added is null) return Add(leader);
        if (added is { Kind: "Learner" })
        {
            if (!added.IsCaughtUp && !(force && added.MatchIndex > 0)) return CatchUp(leader, added);
            return Change(leader, [added.Id], leaving, force);
        }

        return leaving.Count > 0 ? Change(leader, [], leaving, force) : new MembershipMove(new MembershipProgress(MembershipStep.Done, Say(leader)), null);
    }

    private MembershipMove Add(ReplicaStatus leader) => new(
        new MembershipProgress(MembershipStep.Adding, $"adding {comes} to {group} as a learner"),
        new MembershipRequest { Expected = leader.ConfigurationIndex, AddNode = comes, AddNodeId = disk });

    private static MembershipMove CatchUp(ReplicaStatus leader, MemberStatus learner)
    {
        string how = learner.SnapshotBytes >= 0 ? FormattableString.Invariant($"{learner.SnapshotBytes >> 10:N0} KiB of a snapshot")
            : FormattableString.Invariant($"entry {Math.Max(0, learner.MatchIndex):N0} of {leader.LastIndex:N0}");
        string text = $"{learner.Node} catches up: {how}{(learner.IsActive ? "" : "; it is not heard from")}";
        return new(new MembershipProgress(MembershipStep.CatchingUp, text, Math.Max(0, learner.MatchIndex), leader.LastIndex, learner.SnapshotBytes), null);
    }

    private MembershipMove Change(ReplicaStatus leader, int[] promoted, List<MemberStatus> leaving, bool force)
    {
        string text = (promoted.Length > 0, leaving.Count > 0) switch
        {
            (true, true) => $"giving {comes} the vote of {goes}",
            (true, false) => $"giving {comes} a vote",
            _ => $"removing {goes}",
        };
        return new(
            new MembershipProgress(MembershipStep.Changing, text),
            new MembershipRequest { Expected = leader.ConfigurationIndex, Promote = promoted, Remove = [.. leaving.Select(static member => member.Id)], Force = force });
    }

    private string Say(ReplicaStatus leader) => $"{group} has replicas on {string.Join(", ", leader.Members.Select(static member => member.Node))}";
}
