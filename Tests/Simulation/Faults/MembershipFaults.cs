using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>What changes who the members are: people, and disks that are lost.</summary>
internal static class MembershipFaults
{
    internal const string Area = "membership";

    internal static IReadOnlyList<Fault> All { get; } =
    [
        new("learner added", Area, Add),
        new("learner promoted", Area, f => Promote(f, force: false)),
        new("learner promoted by force", Area, f => Promote(f, force: true)),
        new("member removed", Area, f => Remove(f, leader: false, force: false)),
        new("member removed by force", Area, f => Remove(f, leader: false, force: true)),
        new("leader removed", Area, f => Remove(f, leader: true, force: false)),
        new("member replaced", Area, f => Replace(f, down: false)),
        new("dead member replaced", Area, f => Replace(f, down: true)),
        new("member removed while it is down", Area, RemoveWhileDown),
        new("senseless change", Area, Senseless),
        new("wiped disk", Area, WipedDisk) { LosesDisks = true },
        new("lost log", Area, LostLog) { LosesDisks = true },
    ];

    private static bool Add(FaultInjector f) =>
        f.Leader is { } leader && f.Administrator.Spare() is { } spare
        && f.Administrator.Ask(leader, Change(f, leader) with { Add = [new NewMember(spare.Name, spare.NodeId)] });

    private static bool Promote(FaultInjector f, bool force)
    {
        if (f.Leader is not { } leader || f.CoreOf(leader)!.Membership is not { Learners.Length: > 0 } now) return false;
        return f.Administrator.Ask(leader, Change(f, leader) with { Promote = [f.Random.Of(now.Learners).Id], Force = force });
    }

    private static bool Remove(FaultInjector f, bool leader, bool force)
    {
        if (f.Leader is not { } asked) return false;
        Membership now = f.CoreOf(asked)!.Membership;
        MemberId goes = leader ? f.CoreOf(asked)!.Self : f.Random.Of([.. now.All()]).Id;
        // Small groups are not made smaller again and again: most of what there is to find needs a majority.
        if (now.Voters.Length <= 2 && now.IsVoter(goes) && !f.Random.OneIn(4)) return false;
        return f.Administrator.Ask(asked, Change(f, asked) with { Remove = [goes], Force = force });
    }

    private static bool Replace(FaultInjector f, bool down)
    {
        if (f.Administrator.Spare() is not { } spare) return false;
        Member goes = f.Random.Of([.. f.Checker.Members.All()]);
        if (down) f.Crash(Find(f, goes.Node), (UnsyncedFate)f.Random.Below(3), f.Random.Between(500_000, 5_000_000));
        return f.Administrator.Reach(spare, goes.Node);
    }

    /// <summary>It comes back with all it had, and does not know.</summary>
    private static bool RemoveWhileDown(FaultInjector f)
    {
        Member goes = f.Random.Of([.. f.Checker.Members.All()]);
        return f.Checker.Members.Voters.Length > 2 && f.Crash(Find(f, goes.Node), (UnsyncedFate)f.Random.Below(3), f.Random.Between(500_000, 5_000_000)) && f.Administrator.Reach(null, goes.Node);
    }

    /// <summary>Computed from an old configuration, for a disk that is a member already, of a node that does not lead.</summary>
    private static bool Senseless(FaultInjector f)
    {
        if (f.Leader is not { } leader) return false;
        Membership now = f.CoreOf(leader)!.Membership;
        Member member = f.Random.Of([.. now.All()]);
        MembershipChange change = new() { Expected = now.Index, Force = f.Random.OneIn(2) };
        return f.Random.Below(3) switch
        {
            0 => f.Administrator.Ask(leader, change with { Expected = now.Index.Next, Remove = [member.Id] }),
            1 => f.Administrator.Ask(leader, change with { Add = [new NewMember(member.Node, member.NodeId)] }),
            _ => f.Administrator.Ask(f.Random.Of(f.Nodes), change with { Remove = [member.Id] }),
        };
    }

    /// <summary>Everything a node has is gone: it comes back with an empty directory, which is another disk, and waits until it is made a member.</summary>
    private static bool WipedDisk(FaultInjector f) => Lose(f, wholeDisk: true);

    /// <summary>Only the ledger is left, which says what must not come back.</summary>
    private static bool LostLog(FaultInjector f) => Lose(f, wholeDisk: false);

    private static bool Lose(FaultInjector f, bool wholeDisk)
    {
        // A disk that is corrupt is replaced first of all.
        SimulatedNode node = f.Nodes.FirstOrDefault(f.Checker.Lost.Contains) ?? f.Random.Of(f.Nodes);
        if (node.Disk.IsCrashed || !f.CanLose(node)) return false;
        node.Crash(UnsyncedFate.Random);
        f.Checker.Loses(node, wholeDisk);
        if (wholeDisk) node.Wipe();
        else node.Disk.Lose(static name => name != ReplicaLedger.FileName);
        f.StartLater(node, f.Duration());
        if (!f.Random.OneIn(3)) f.World.After(f.Duration(), () => f.Administrator.Reach(wholeDisk && f.Random.OneIn(2) ? node : f.Administrator.Spare(), node.Name));
        return true;
    }

    private static MembershipChange Change(FaultInjector f, SimulatedNode leader) => new() { Expected = f.CoreOf(leader)!.Membership.Index };

    private static SimulatedNode? Find(FaultInjector f, string name) => f.Nodes.FirstOrDefault(node => node.Name == name);
}
