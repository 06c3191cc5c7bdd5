namespace Quorleans.Raft.Tests;

/// <summary>
/// Watches a cluster from outside and throws at the first event after which one of Raft's properties (paper, figure 3) or one of the promises of
/// asynchronous storage does not hold. Knows of a member only what any observer can see: its public state, its disk, what it sends.
/// </summary>
internal sealed class ClusterChecker(IReadOnlyList<CoreMember> members, int count, Membership initial)
{
    private readonly List<Chosen> _chosen = [new Chosen(Term.Zero, Term.Zero, EntryKind.Noop, 0, 0)]; // by index; 0 stands for the empty log
    private readonly SortedList<Term, MemberId> _leaders = [];
    private readonly Seen[] _seen = new Seen[count];
    private readonly SortedList<(Term Term, LogIndex Index), int> _proposals = [];
    private readonly SortedList<long, LogIndex> _reads = [];
    private Membership _membership = initial; // the latest that is committed

    /// <summary>An entry that some member knew to be committed, in which term it first did, and the state machine's digest behind it.</summary>
    private readonly record struct Chosen(Term Term, Term Committed, EntryKind Kind, ulong Payload, ulong Digest);

    private record struct Seen(int Life, Term Term, MemberId Vote, LogIndex Commit, LogIndex Applied, RaftRole Role);

    /// <summary>The highest index that anybody knew to be committed.</summary>
    internal LogIndex Committed => new(_chosen.Count - 1);

    /// <summary>The latest configuration that is committed.</summary>
    internal Membership Membership => _membership;

    /// <summary>The highest index whose proposer's client got its answer.</summary>
    internal LogIndex Acknowledged { get; private set; }

    internal int Leaders => _leaders.Count;

    internal int ReadsConfirmed { get; private set; }

    /// <summary>To be called after every event at a member.</summary>
    internal void Check(CoreMember member)
    {
        RaftCore core = member.Core;
        ref Seen seen = ref _seen[member.Id.Value - 1];
        if (seen.Life != member.Life) CheckRestart(member, ref seen);
        Require(core.Term >= seen.Term, member, $"its term went back from {seen.Term} to {core.Term}");
        Require(core.Term > seen.Term || seen.Vote.IsNone || core.Vote == seen.Vote, member, $"it voted for {seen.Vote} and {core.Vote} in term {core.Term}");
        Require(core.Commit >= seen.Commit, member, $"its commit index went back from {seen.Commit} to {core.Commit}");
        Require(core.Applied >= seen.Applied, member, $"its applied index went back from {seen.Applied} to {core.Applied}");
        Require(core.Applied <= core.Commit && core.Commit <= core.Log.LastIndex, member, $"{core.Applied} <= {core.Commit} <= {core.Log.LastIndex} fails");
        Require(core.Log.BaseIndex <= core.Applied, member, $"the log begins at {core.Log.BaseIndex}, behind what is applied, {core.Applied}");
        Require((core.Snapshot?.Index ?? LogIndex.Zero) >= core.Log.BaseIndex, member, "the log was cut further than its snapshot reaches");
        if (core.Role == RaftRole.Leader && (seen.Role != RaftRole.Leader || seen.Term != core.Term)) CheckNewLeader(member);
        for (LogIndex index = seen.Commit.Next; index <= core.Commit; index = index.Next) CheckCommitted(member, index);
        if (core.Role == RaftRole.Leader && core.Commit > seen.Commit) CheckQuorumHolds(member, core.Commit);
        CheckConfigurations(member);
        CheckDiskEqualsMemory(member);
        seen = new Seen(member.Life, core.Term, core.Vote, core.Commit, core.Applied, core.Role);
    }

    /// <summary>Nothing leaves that a crash of its sender could take back (DESIGN rule: asynchronous storage).</summary>
    internal static void CheckSent(CoreMember member, RaftMessage message)
    {
        HardState durable = member.Disk.HardState;
        switch (message.Kind)
        {
            case MessageKind.RequestVote when !message.PreVote:
                bool stands = durable.Term > message.Term || (durable.Term == message.Term && durable.Vote == member.Id);
                Require(stands, member, $"it asks for votes in term {message.Term}, but its disk says {durable}");
                break;
            case MessageKind.RequestVoteReply when !message.PreVote && message.Accepted:
                bool voted = durable.Term > message.Term || (durable.Term == message.Term && durable.Vote == message.To);
                Require(voted, member, $"it grants its vote to {message.To} in term {message.Term}, but its disk says {durable}");
                break;
            case MessageKind.AppendEntriesReply or MessageKind.InstallSnapshotReply when message.Accepted:
                Require(durable.Term >= message.Term, member, $"it acknowledges in term {message.Term}, but its disk says {durable}");
                if (message.Term != member.Core.Term) break; // of an earlier leader: what it vouches for may be superseded by now
                Require(message.Match <= member.Disk.LastIndex, member, $"it acknowledges {message.Match}, but its disk ends at {member.Disk.LastIndex}");
                bool same = !member.Disk.TryTermAt(message.Match, out Term term) || !member.Core.Log.TryTermAt(message.Match, out Term held) || term == held;
                Require(same, member, $"it acknowledges {message.Match}, but its disk holds another entry there, of term {term}");
                break;
            default:
                break;
        }
    }

    internal void Proposed(CoreMember member, ProposeResult result)
    {
        if (result.Status == ProposeStatus.Accepted) _proposals[(result.Term, result.Index)] = member.Id.Value + (member.Life << 8);
    }

    internal void Applied(CoreMember member, in LogEntry entry)
    {
        Require(entry.Index <= Committed, member, $"it applies {entry.Index}, which is not committed");
        Require(entry.Index <= member.Disk.LastIndex, member, $"it applies {entry.Index}, but its disk ends at {member.Disk.LastIndex}");
        Require(member.Disk.TryTermAt(entry.Index, out Term term) && term == entry.Term, member, $"it applies {entry}, but its disk holds term {term} there");
        CheckState(member);
        if (!_proposals.Remove((entry.Term, entry.Index), out int proposer)) return;
        if (proposer != member.Id.Value + (member.Life << 8)) _proposals[(entry.Term, entry.Index)] = proposer;
        else Acknowledged = LogIndex.Max(Acknowledged, entry.Index);
    }

    internal void Installed(CoreMember member) => CheckState(member);

    /// <summary>A client begins a read: it must see all that was acknowledged to anybody before.</summary>
    internal void ReadBegun(long context) => _reads.Add(context, Acknowledged);

    internal void ReadEnded(CoreMember member, ReadState read)
    {
        Require(_reads.Remove(read.Context, out LogIndex atLeast), member, $"read {read.Context} ended twice");
        if (!read.Confirmed) return;
        ReadsConfirmed++;
        Require(read.Index >= atLeast, member, $"the read {read.Context} may go on at {read.Index}, but {atLeast} was acknowledged before it began");
        Require(member.Machine.Applied >= read.Index, member, $"the read {read.Context} is answered at {member.Machine.Applied}, before {read.Index}");
    }

    private void CheckRestart(CoreMember member, ref Seen seen)
    {
        RaftCore core = member.Core;
        HardState durable = member.Disk.HardState;
        LogIndex hint = LogIndex.Max(member.Disk.BaseIndex, durable.Commit);
        Require(durable.Commit <= member.Disk.LastIndex, member, $"its disk says that {durable.Commit} is committed, but ends at {member.Disk.LastIndex}");
        Require(core.Term == durable.Term && core.Vote == durable.Vote, member, "it did not come back with the term and vote of its disk");
        Require(core.Commit == hint, member, $"it came back with commit {core.Commit}, not {hint}");
        Require(core.Log.LastIndex == member.Disk.LastIndex, member, $"it came back with {core.Log.LastIndex}, not {member.Disk.LastIndex}");
        for (LogIndex index = member.Disk.BaseIndex; index <= core.Commit; index = index.Next) CheckCommitted(member, index);
        CheckState(member);
        seen = new Seen(member.Life, core.Term, core.Vote, core.Commit, core.Applied, RaftRole.Follower);
    }

    /// <summary>Election safety (§5.2) and leader completeness (§5.4).</summary>
    private void CheckNewLeader(CoreMember member)
    {
        RaftCore core = member.Core;
        bool only = !_leaders.TryGetValue(core.Term, out MemberId other) || other == member.Id;
        Require(only, member, $"it leads in term {core.Term}, as {other} does");
        _leaders[core.Term] = member.Id;
        // A leader whose votes were long on the way may begin a term when a later term has committed already: of that it need know nothing.
        for (LogIndex index = core.Log.BaseIndex; index <= Committed; index = index.Next)
            if (_chosen[(int)index.Value].Committed < core.Term) RequireHolds(member, index);
    }

    private void CheckCommitted(CoreMember member, LogIndex index)
    {
        RaftCore core = member.Core;
        if (index > Committed)
        {
            Require(index == Committed.Next, member, $"it knows {index} committed, but nobody knew {Committed.Next}");
            LogEntry entry = core.Log[index];
            bool goesOn = index.Previous <= core.Log.BaseIndex ? entry.Time >= core.Log.BaseTime : entry.Time >= core.Log[index.Previous].Time;
            Require(goesOn, member, $"the log time goes back at {entry}");
            _chosen.Add(new Chosen(entry.Term, core.Term, entry.Kind, Hash(entry), DigestMachine.Next(_chosen[^1].Digest, entry)));
            if (entry.Kind == EntryKind.Configuration) _membership = MembershipCodec.Decode(entry.Payload.Span) with { Index = index };
            // Leader completeness once more, for leaders that were elected before this was known to be committed.
            foreach (CoreMember leader in members)
                if (leader.Up && leader.Core.Role == RaftRole.Leader && leader.Core.Term > core.Term) RequireHolds(leader, index);
            return;
        }

        if (index < core.Log.BaseIndex) return;
        RequireHolds(member, index);
        if (index == core.Log.BaseIndex) return;
        Chosen chosen = _chosen[(int)index.Value];
        LogEntry held = core.Log[index];
        Require(Hash(held) == chosen.Payload && held.Kind == chosen.Kind, member, $"it holds {held} with other contents than were committed");
    }

    private void RequireHolds(CoreMember member, LogIndex index)
    {
        Term chosen = _chosen[(int)index.Value].Term;
        if (index < member.Core.Log.BaseIndex) return;
        bool holds = member.Core.Log.TryTermAt(index, out Term term) && term == chosen;
        Require(holds, member, $"{index} was committed in term {chosen}, but it holds term {term} there (0: nothing); its log ends at {member.Core.Log.LastIndex}");
    }

    /// <summary>
    /// What a leader counts as committed is durable on a majority of disks, whether their members run or not; in a joint configuration on one of each half.
    /// </summary>
    private void CheckQuorumHolds(CoreMember leader, LogIndex index)
    {
        Term term = _chosen[(int)index.Value].Term;
        CheckHalfHolds(leader, leader.Core.Membership.Voters, index, term);
        if (leader.Core.Membership.IsJoint) CheckHalfHolds(leader, leader.Core.Membership.Outgoing, index, term);
    }

    private void CheckHalfHolds(CoreMember leader, IReadOnlyList<Member> voters, LogIndex index, Term term)
    {
        int holders = 0;
        foreach (Member voter in voters)
        {
            if (voter.Id.Value > members.Count) continue; // promoted by force before it was ever made
            FakeDisk disk = members[voter.Id.Value - 1].Disk;
            if (disk.BaseIndex >= index || (disk.TryTermAt(index, out Term held) && held == term)) holders++;
        }

        Require(holders > voters.Count / 2, leader, $"it counts {index} as committed, but only {holders} of {voters.Count} disks hold it");
    }

    /// <summary>One change at a time (paper §6), effective from the log, and nobody goes who was not removed.</summary>
    private void CheckConfigurations(CoreMember member)
    {
        RaftCore core = member.Core;
        if (core.Role == RaftRole.Leader)
        {
            int open = 0;
            foreach (ref readonly LogEntry entry in core.Log.Range(LogIndex.Max(core.Commit, core.Log.BaseIndex).Next, core.Log.LastIndex))
                if (entry.Kind == EntryKind.Configuration) open++;
            Require(open <= 1, member, $"it leads with {open} configurations that are not committed");
        }

        LogIndex inForce = core.Membership.Index;
        bool stands = inForce <= core.Log.BaseIndex || core.Log[inForce].Kind == EntryKind.Configuration;
        Require(stands, member, $"its configuration is that of {inForce}, where none stands");
        Require(!core.IsRemoved || _membership.IsGone(member.Id), member, $"it takes itself for removed, but the committed configuration of {_membership.Index} has it");
    }

    /// <summary>State machine safety (§5.4.3).</summary>
    private void CheckState(CoreMember member)
    {
        LogIndex applied = member.Machine.Applied;
        Require(applied <= Committed, member, $"its state stands at {applied}, but only {Committed} is committed");
        Require(member.Machine.Digest == _chosen[(int)applied.Value].Digest, member, $"its state at {applied} is not what the committed commands make");
    }

    /// <summary>With no write on its way, a restart would find the very log that the core has in memory.</summary>
    private static void CheckDiskEqualsMemory(CoreMember member)
    {
        if (member.Disk.Pending > 0 || member.HasTurnDue) return;
        (FakeDisk disk, RaftLog log) = (member.Disk, member.Core.Log);
        Require(disk.LastIndex == log.LastIndex, member, $"its log ends at {log.LastIndex}, but its disk at {disk.LastIndex}");
        Require(member.Core.Durable == log.LastIndex, member, $"all is durable, but it says {member.Core.Durable} of {log.LastIndex}");
        LogIndex from = LogIndex.Max(LogIndex.Max(disk.BaseIndex, log.BaseIndex), log.LastIndex + -16);
        for (LogIndex index = from; index <= log.LastIndex; index = index.Next)
        {
            bool same = log.TryTermAt(index, out Term held) && disk.TryTermAt(index, out Term durable) && held == durable;
            Require(same, member, $"entry {index} on its disk is not the one in memory");
        }
    }

    private static ulong Hash(in LogEntry entry)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in entry.Payload.Span) hash = (hash ^ b) * 0x100000001B3;
        return hash;
    }

    private static void Require(bool condition, CoreMember member, [System.Runtime.CompilerServices.InterpolatedStringHandlerArgument(nameof(condition))] ref InvariantMessage what) =>
        Invariant.Check(condition, condition ? "" : $"Member {member.Id}: {what.ToString()}.");

    private static void Require(bool condition, CoreMember member, string what)
    {
        if (!condition) throw new InvariantViolationException($"Member {member.Id}: {what}.");
    }
}
