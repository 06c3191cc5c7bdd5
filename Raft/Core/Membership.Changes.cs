using System.Collections.Immutable;
using System.Text;

namespace Quorleans.Raft;

// What a change makes of a configuration, apart from what the leader knows of its members.
public sealed partial record Membership
{
    /// <summary>Whether an id was given out, and its member is gone for ever. True only for ids older than this configuration.</summary>
    /// <param name="id">The id.</param>
    public bool IsGone(MemberId id) => id < NextId && !IsMember(id);

    /// <summary>How many of the voters may fail before the group can decide nothing; in a joint configuration the fewer of both halves.</summary>
    public int FaultTolerance =>
        Math.Min((Voters.Length - 1) / 2, IsJoint ? (Outgoing.Length - 1) / 2 : int.MaxValue);

    /// <summary>The configuration behind a joint one.</summary>
    internal Membership Leave(LogIndex index) => this with { Outgoing = [], Index = index };

    /// <summary>What a change makes of this configuration, which is not joint.</summary>
    /// <param name="change">The change.</param>
    /// <param name="maximum">How many voters, and how many learners, there may be.</param>
    /// <param name="index">Where the entry will stand.</param>
    /// <param name="next">The configuration, joint if the voters change.</param>
    /// <param name="error">What is wrong, for a person.</param>
    internal MembershipChangeStatus TryChange(MembershipChange change, int maximum, LogIndex index, out Membership next, out string? error)
    {
        next = this;
        if (change.Expected != Index)
        {
            error = $"The configuration is that of index {Index}, not of {change.Expected}: somebody has changed it meanwhile. Look at the members again.";
            return MembershipChangeStatus.Stale;
        }

        error = WhatIsWrong(change);
        if (error is not null) return MembershipChangeStatus.Invalid;
        List<Member> voters = [], learners = [];
        foreach (Member voter in Voters)
            if (!change.Remove.Contains(voter.Id)) voters.Add(voter);
        foreach (Member learner in Learners)
        {
            if (change.Promote.Contains(learner.Id)) voters.Add(learner);
            else if (!change.Remove.Contains(learner.Id)) learners.Add(learner);
        }

        MemberId id = NextId;
        foreach (NewMember added in change.Add)
        {
            learners.Add(new Member(id, added.Node, added.NodeId));
            id = new MemberId(id.Value + 1);
        }

        voters.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        if (voters.Count == 0) error = "The change would leave the group without any voter. The last one cannot be removed.";
        else if (voters.Count > maximum || learners.Count > maximum)
            error = $"The change would make {voters.Count} voters and {learners.Count} learners; a group may have {maximum} of each.";
        if (error is not null) return MembershipChangeStatus.Invalid;
        bool votersChange = !AreSame(voters, Voters);
        if (!votersChange && change.Add.IsEmpty && change.Remove.IsEmpty) return MembershipChangeStatus.Unchanged;
        next = new Membership
        {
            Voters = [.. voters], Outgoing = votersChange ? Voters : [], Learners = [.. learners], NextId = id, Index = index,
        };
        return MembershipChangeStatus.Accepted;
    }

    private string? WhatIsWrong(MembershipChange change)
    {
        foreach (MemberId id in change.Remove)
            if (!IsMember(id)) return $"Member {id} cannot be removed: it is not in the group.";
        foreach (MemberId id in change.Promote)
        {
            if (!Contains(Learners, id)) return $"Member {id} cannot be promoted: it is {(IsVoter(id) ? "a voter already" : "not in the group")}.";
            if (change.Remove.Contains(id)) return $"Member {id} cannot be promoted and removed at once.";
        }

        for (int i = 0; i < change.Add.Length; i++)
        {
            (string node, Guid disk) = change.Add[i];
            if (string.IsNullOrEmpty(node) || Encoding.UTF8.GetByteCount(node) > MembershipCodec.MaximumNameBytes)
                return $"'{node}' is no name of a node: it has 1 to {MembershipCodec.MaximumNameBytes} bytes.";
            if (disk == Guid.Empty) return $"Node {node} cannot be added without the id of its disk.";
            // One disk, one member: a second one there would answer for the votes of the first.
            foreach (Member member in All())
                if (member.NodeId == disk) return $"Node {node} cannot be added: its disk is member {member.Id} already. Remove that one first.";
            for (int j = 0; j < i; j++)
                if (change.Add[j].NodeId == disk) return $"Node {node} cannot be added twice.";
        }

        return null;
    }

    private static bool AreSame(List<Member> left, ImmutableArray<Member> right)
    {
        if (left.Count != right.Length) return false;
        for (int i = 0; i < right.Length; i++)
            if (left[i].Id != right[i].Id) return false;
        return true;
    }
}
