using System.Collections.Immutable;
using Quorleans.Raft;

namespace Quorleans.Simulation;

// Who the members are: configurations, and which disk is which member.
internal sealed partial class Checker
{
    private readonly Dictionary<MemberId, DiskMirror> _mirrors = [];
    private readonly Dictionary<(LogIndex Index, Term Term), Membership> _undecided = [];
    private Membership _committed = cluster.Initial;

    /// <summary>Disks that have lost something, or may have: whatever they vouched for does not count any more when more are to be lost.</summary>
    internal HashSet<Guid> GoneDisks { get; } = [];

    /// <summary>Nodes whose log was deleted, but not their ledger: as the members they were they must not come back.</summary>
    internal HashSet<SimulatedNode> Emptied { get; } = [];

    /// <summary>The latest configuration that is committed.</summary>
    internal Membership Members => _committed;

    private DiskMirror MirrorOf(MemberId member)
    {
        if (_mirrors.TryGetValue(member, out DiskMirror? mirror)) return mirror;
        return _mirrors[member] = new DiskMirror();
    }

    /// <summary>A node that is down has lost its replica, by a fault and not by its own doing.</summary>
    internal void Loses(SimulatedNode node, bool wholeDisk)
    {
        GoneDisks.Add(node.NodeId);
        (_watched[node].Self, _watched[node].Seen) = (MemberId.None, default);
        if (!wholeDisk)
        {
            Emptied.Add(node);
            return;
        }

        Emptied.Remove(node);
        Damaged.Remove(node);
        Lost.Remove(node);
    }

    /// <summary>Whether the group goes on with what is lost already, and with what a node has besides, whichever configuration turns out to be its own.</summary>
    internal bool Survives(SimulatedNode? besides)
    {
        foreach (Membership possible in _undecided.Values)
            if (!Survives(possible, besides)) return false;
        return Survives(_committed, besides);
    }

    internal bool Survives(Membership members, SimulatedNode? besides)
    {
        return HasLiving(members.Voters) && (!members.IsJoint || HasLiving(members.Outgoing));

        bool HasLiving(ImmutableArray<Member> voters)
        {
            int gone = 0;
            foreach (Member voter in voters)
                if (IsGone(voter) || (besides is not null && voter.NodeId == besides.NodeId)) gone++;
            return gone <= (voters.Length - 1) / 2;
        }
    }

    /// <summary>Whether a member can never come back as what it was.</summary>
    internal bool IsGone(in Member member) => GoneDisks.Contains(member.NodeId);

    /// <summary>Whether a node must serve once faults have stopped: its disk is a member's that has lost nothing.</summary>
    internal bool MustServe(SimulatedNode node, out MemberId self)
    {
        self = MemberId.None;
        foreach (Member member in _committed.All())
            if (member.NodeId == node.NodeId) self = member.Id;
        if (self.IsNone || Lost.Contains(node)) return false;
        return !(Emptied.Contains(node) && CoreOf(node) is null && node.Raft?.FindPast(GroupName) is { } past && past.Member >= self.Value);
    }

    /// <summary>A replica begins: on one disk, and only once (dissertation §4.1; a member that has forgotten its votes must not vote).</summary>
    private void CheckBegins(SimulatedNode node, RaftCore core, Watched watched)
    {
        DiskMirror mirror = MirrorOf(core.Self);
        if (mirror.NodeId != Guid.Empty && mirror.NodeId != node.NodeId) Fail("one member, one disk", $"member {core.Self} runs on another disk of {node.Name} than it began on");
        if (mirror.Exists) Fail("a member that has forgotten its past never comes back", $"{node.Name} begins as member {core.Self} once more");
        if (!watched.Self.IsNone) RequireGone(node, watched.Self);
        foreach ((MemberId other, DiskMirror its) in _mirrors)
            if (other != core.Self && its.NodeId == node.NodeId) marks.Reached("replica: begun on a disk that was another member");

        if (core.Self.Value > cluster.Initial.Voters.Length) marks.Reached("replica: made because a leader asked for it");
        mirror.NodeId = node.NodeId;
        (watched.Self, watched.Seen) = (core.Self, new Seen { Life = node.Life });
    }

    /// <summary>A replica is not there any more.</summary>
    private void CheckDeleted(SimulatedNode node, Watched watched)
    {
        if (!MirrorOf(watched.Self).Exists)
        {
            MirrorOf(watched.Self).Forget(); // it never was durable
        }
        else
        {
            if (node.Raft?.FindPast(GroupName) is not { } past || !(past.Removed || past.Incarnation > cluster.Group.Incarnation)) Fail("what is durable is found again", $"{node.Name} has forgotten its replica");
            RequireGone(node, watched.Self);
            marks.Reached("replica: deleted, since its member was removed");
        }

        (watched.Self, watched.Seen) = (MemberId.None, default);
    }

    private void RequireGone(SimulatedNode node, MemberId member)
    {
        if (!IsEnded && !_committed.IsGone(member)) Fail("only who was removed goes", $"{node.Name} takes its member {member} for removed, but the configuration of {_committed.Index} has it");
    }

    private void CheckConfiguration(SimulatedNode node, RaftCore core, Membership? before)
    {
        Membership now = core.Membership;
        HashSet<Guid> disks = [];
        foreach (Member member in now.All())
        {
            if (!disks.Add(member.NodeId)) Fail("one disk, one member", $"{node.Name} has a configuration in which a disk of {member.Node} is two members");
            if (member.Id >= now.NextId) Fail("member ids are never used twice", $"{node.Name} has a configuration with member {member.Id}, and gives {now.NextId} to the next");
        }

        if (now.Index > Committed && core.Log.TryTermAt(now.Index, out Term term)) _undecided[(now.Index, term)] = now;
        if (before is null) marks.Reached(now.IsJoint ? "recovery: in a joint configuration" : "recovery: in a simple configuration");
        else if (now.Index < before.Index) marks.Reached(before.IsJoint ? "configuration: a joint one is cut off" : "configuration: a simple one is cut off");
        else if (now.IsJoint) marks.Reached(core.Role == RaftRole.Leader ? "configuration: a leader enters a joint one" : "configuration: a follower enters a joint one");
        else if (before.IsJoint) marks.Reached(core.Role == RaftRole.Leader ? "configuration: a leader leaves the joint one" : "configuration: a follower leaves the joint one");
        else marks.Reached("configuration: from one simple one to another");
    }

    private void CheckCommittedConfiguration(SimulatedNode node, in LogEntry entry)
    {
        Membership next = MembershipCodec.Decode(entry.Payload.Span) with { Index = entry.Index };
        if (next.NextId < _committed.NextId) Fail("member ids are never used twice", $"{node.Name} committed a configuration that goes back from {_committed.NextId} to {next.NextId}");
        foreach (Member member in next.All())
        {
            bool known = _committed.TryGet(member.Id, out Member same);
            if (known ? same != member : member.Id < _committed.NextId) Fail("member ids are never used twice", $"{node.Name} committed a configuration in which {member.Id} is another one than before");
        }

        if (_committed.IsJoint && (next.IsJoint || !next.Voters.AsSpan().SequenceEqual(_committed.Voters.AsSpan())))
            Fail("one change at a time", $"{node.Name} committed another change at {entry.Index}, in the middle of that of {_committed.Index}");
        if (!_committed.IsJoint && !next.IsJoint && !next.Voters.AsSpan().SequenceEqual(_committed.Voters.AsSpan()))
            Fail("voters change through joint configurations", $"{node.Name} committed other voters at {entry.Index} at once");
        _committed = next;
    }

    private void ForgetSettled()
    {
        foreach ((LogIndex Index, Term Term) key in _undecided.Keys)
            if (key.Index <= Committed) _undecided.Remove(key);
    }

    /// <summary>
    /// Whether the disks bear out what a leader counted in its last turn. That turn may have changed the configuration behind the counting; but a joint one is
    /// left only when both its majorities have it.
    /// </summary>
    private bool IsDecided(RaftCore core, in Seen seen, LogIndex index, Term term)
    {
        if (seen.Membership is not { } before) return HasQuorum(core.Membership, index, term);
        if (before.IsJoint || ReferenceEquals(before, core.Membership)) return HasQuorum(before, index, term);
        return HasQuorum(before, index, term) || HasQuorum(core.Membership, index, term);
    }

    private bool HasQuorum(Membership members, LogIndex index, Term term) =>
        HasQuorum(members.Voters, index, term) && (!members.IsJoint || HasQuorum(members.Outgoing, index, term));
}
