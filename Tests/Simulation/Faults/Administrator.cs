using Quorleans.Raft;
using Quorleans.Raft.Node;

namespace Quorleans.Simulation;

/// <summary>
/// Changes members as people do, through a leader's node: looks, asks for one change, looks again. Asks for nothing that would hang on disks that are lost: that the
/// group would not survive, and no program can help it.
/// </summary>
/// <param name="f">Knows when all faults have ended.</param>
/// <param name="cluster">The group.</param>
/// <param name="checker">Knows what the group cannot lose.</param>
internal sealed class Administrator(FaultInjector f, SimulatedCluster cluster, Checker checker)
{
    private const int MostMembers = 7;
    private const int Patience = 60;
    private readonly List<Pending> _pending = [];

    /// <summary>A change that was asked for and is not over: it may be begun as late as a pause of its node ends.</summary>
    private sealed record Pending(SimulatedNode Node, int Life, Membership Target);

    /// <summary>Whether the group goes on with the changes under way, should a node lose all it has.</summary>
    internal bool Survives(SimulatedNode? besides)
    {
        _pending.RemoveAll(static pending => pending.Node.Life != pending.Life);
        foreach (Pending pending in _pending)
            if (!checker.Survives(pending.Target, besides)) return false;
        return true;
    }

    /// <summary>A node that has no member, and runs; or null.</summary>
    internal SimulatedNode? Spare()
    {
        int first = f.AnyNode();
        for (int i = 0; i < f.Nodes.Count; i++)
        {
            SimulatedNode node = f.Nodes[(first + i) % f.Nodes.Count];
            if (node.IsUp && !IsMember(checker.Members, node.NodeId)) return node;
        }

        return null;
    }

    /// <summary>Asks for one change.</summary>
    /// <param name="node">Whom.</param>
    /// <param name="change">For what.</param>
    /// <returns>False when nobody sensible would.</returns>
    internal bool Ask(SimulatedNode node, MembershipChange change)
    {
        if (node.Raft is not { } raft || CoreOf(node) is not { } core) return false;
        if (core.Membership.Voters.Length + core.Membership.Learners.Length + change.Add.Length > MostMembers) return false;
        Membership target = core.Membership with
        {
            Voters = [.. core.Membership.All().Where(member => change.Promote.Contains(member.Id) || (core.Membership.Voters.Contains(member) && !change.Remove.Contains(member.Id)))],
        };
        if (!checker.Survives(target, null)) return false;
        Pending pending = new(node, node.Life, target);
        _pending.Add(pending);
        f.World.Trace?.Line($"{node.Name} is asked for {Describe(change)}");
        Task<MembershipOutcome> task = raft.ChangeMembershipAsync(cluster.Group.Name, change);
        if (task.IsCompleted) End();
        else task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(End);
        return true;

        void End()
        {
            _pending.Remove(pending);
            MembershipOutcome outcome = task.Result;
            string what = outcome.Status is null ? "no answer" : outcome.Status != MembershipChangeStatus.Accepted ? outcome.Status.ToString()! : outcome.IsDone ? "done" : "begun, and then out of its hands";
            f.World.Trace?.Line($"{node.Name} says: {what} {outcome.Error}");
            f.Marks.Reached($"change: {what}");
        }
    }

    /// <summary>Goes on until one disk votes and another node's does not; not for ever.</summary>
    /// <param name="comes">Whose disk comes, or null.</param>
    /// <param name="goes">The node whose other disks go, or null.</param>
    internal bool Reach(SimulatedNode? comes, string? goes)
    {
        Guid disk = comes?.NodeId ?? Guid.Empty;
        f.World.Trace?.Line($"somebody wants {comes?.Name ?? "nobody"} in, and {goes ?? "nobody"} out");
        Look(0);
        return true;

        void Look(int tries)
        {
            if (f.IsHealed || tries > Patience || (comes is not null && comes.NodeId != disk)) return;
            if (cluster.Leader is { } leader && CoreOf(leader) is { } core && !core.Membership.IsJoint && core.Membership.Index <= core.Commit && Next(leader, core)) return;
            f.World.After(f.Random.Between(30_000, 300_000), () => Look(tries + 1));
        }

        bool Next(SimulatedNode leader, RaftCore core)
        {
            Membership now = core.Membership;
            Member? added = null;
            List<MemberId> leaving = [];
            foreach (Member member in now.All())
            {
                if (comes is not null && member.NodeId == disk) added = member;
                else if (goes is not null && member.Node == goes) leaving.Add(member.Id);
            }

            MembershipChange change = new() { Expected = now.Index };
            if (comes is not null && added is null) Ask(leader, change with { Add = [new NewMember(comes.Name, disk)] });
            else if (added is { } learner && !now.IsVoter(learner.Id)) Ask(leader, change with { Promote = [learner.Id], Remove = [.. leaving] });
            else if (leaving.Count > 0) Ask(leader, change with { Remove = [.. leaving] });
            else return Done();
            return false;
        }

        bool Done()
        {
            f.Marks.Reached("change: a goal is reached");
            return true;
        }
    }

    private RaftCore? CoreOf(SimulatedNode node) => node.Core(cluster.Group.Name) is { } core && core.Group == cluster.Group ? core : null;

    internal static bool IsMember(Membership members, Guid disk)
    {
        foreach (Member member in members.All())
            if (member.NodeId == disk) return true;
        return false;
    }

    private static string Describe(MembershipChange change) =>
        $"a change of {change.Expected}: add {string.Join(' ', change.Add.Select(static added => added.Node))}, promote {string.Join(' ', change.Promote)}, remove {string.Join(' ', change.Remove)}{(change.Force ? ", forced" : "")}";
}
