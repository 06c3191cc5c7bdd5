using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>
/// Watches a cluster from outside and holds the first moment at which one of its properties does not hold; the table is in README.md. Everything
/// is incremental: a node is looked at when its loop has made a turn, since nothing else changes it.
/// </summary>
/// <param name="cluster">The nodes, and the group that is watched.</param>
/// <param name="marks">Counts what is reached.</param>
/// <param name="emptyDigest">The digest of the group's state machine before its first entry.</param>
internal sealed partial class Checker(SimulatedCluster cluster, Marks marks, UInt128 emptyDigest) : INodeObserver
{
    private readonly List<Chosen> _chosen = [new Chosen(Term.Zero, Term.Zero, EntryKind.Noop, 0) { Digest = emptyDigest }]; // by index; 0 is the empty log
    private readonly SortedList<Term, MemberId> _leaders = [];
    private readonly Dictionary<SimulatedNode, Watched> _watched = [];

    /// <summary>A node as it was seen last, and what its disk holds.</summary>
    private sealed class Watched
    {
        internal Seen Seen;

        /// <summary>The member whose replica it has, or none.</summary>
        internal MemberId Self;
    }

    /// <summary>What is wrong, or null: the first thing that was.</summary>
    internal Violation? Violation { get; private set; }

    /// <summary>The highest index that anybody knew to be committed.</summary>
    internal LogIndex Committed => new(_chosen.Count - 1);

    /// <summary>How many terms had a leader.</summary>
    internal int Leaders => _leaders.Count;

    /// <summary>Nodes that a corrupt disk has taken out for good.</summary>
    internal HashSet<SimulatedNode> Lost { get; } = [];

    /// <summary>Nodes whose disk was damaged at rest while they were down.</summary>
    internal HashSet<SimulatedNode> Damaged { get; } = [];

    /// <summary>Called once a node leads a term.</summary>
    internal Action<SimulatedNode>? Elected { get; set; }

    /// <summary>The states of the cluster that were seen, as hashes.</summary>
    internal HashSet<ulong> States { get; } = [];

    /// <summary>Whether the group has ended as a whole: its replicas may go, and none has to come to the same state as another.</summary>
    internal bool IsEnded { get; set; }

    /// <summary>The group.</summary>
    internal SimulatedCluster Cluster => cluster;

    private string GroupName => cluster.Group.Name;

    internal void Watch(SimulatedNode node)
    {
        Know(node);
        node.Observer = this;
        node.Failed = OnFailed;
    }

    /// <summary>Keeps account of a node that somebody else observes and tells of.</summary>
    internal void Know(SimulatedNode node) => _watched.Add(node, new Watched());

    private RaftCore? CoreOf(SimulatedNode node) => node.Core(GroupName) is { } core && core.Group == cluster.Group ? core : null;

    internal void Fail(string invariant, string what) => Violation ??= new Violation(invariant, what, cluster.World.NowUs);

    /// <inheritdoc/>
    public void Turned(SimulatedNode node)
    {
        Watched watched = _watched[node];
        ref Seen seen = ref watched.Seen;
        if (node.ReplicaOf(GroupName) is not { } replica || replica.Core.Group != cluster.Group)
        {
            if (node.IsUp && !watched.Self.IsNone) CheckDeleted(node, watched);
            return;
        }

        RaftCore core = replica.Core;

        MarkLog(node.Log!, ref seen);
        if (core.Self != watched.Self) CheckBegins(node, core, watched);
        if (replica.Failure is not null && !core.IsRemoved) return;
        if (seen.Life != node.Life) seen = new Seen { Life = node.Life };
        if (!ReferenceEquals(core.Membership, seen.Membership)) CheckConfiguration(node, core, seen.Membership);
        CheckMonotonic(node, core, ref seen);
        bool leads = core.Role == RaftRole.Leader;
        bool elected = leads && (seen.Role != RaftRole.Leader || seen.Term != core.Term);
        if (elected) CheckNewLeader(node, core);
        for (LogIndex index = seen.Commit.Next; index <= core.Commit; index = index.Next) CheckCommitted(node, core, index);
        if (leads && core.Commit > seen.Commit) CheckQuorumHolds(node, core);
        if (core.IsRemoved) RequireGone(node, core.Self);
        if (replica.Machine is WatchedMachine machine) CheckMachine(node, core, machine);
        MarkEntries(core, seen);
        if (core.Role != seen.Role || core.Term != seen.Term || core.Leader != seen.Leader || core.Commit != seen.Commit)
        {
            MarkTransition(core, seen);
            RememberState();
        }

        seen = new Seen
        {
            Life = node.Life, Term = core.Term, Vote = core.Vote, Role = core.Role, Membership = core.Membership, Leader = core.Leader, Commit = core.Commit, Applied = core.Applied,
            Last = core.Log.LastIndex, LastTerm = core.Log.LastTerm, Segments = seen.Segments, Log = seen.Log, Snapshot = core.Snapshot?.Index ?? LogIndex.Zero,
        };
        if (elected) Elected?.Invoke(node);
    }

    private void CheckMonotonic(SimulatedNode node, RaftCore core, ref Seen seen)
    {
        if (core.Term < seen.Term) Fail("terms never go back", $"{node.Name}: from {seen.Term} to {core.Term}");
        if (core.Term == seen.Term && !seen.Vote.IsNone && core.Vote != seen.Vote) Fail("one vote in a term", $"{node.Name} voted for {seen.Vote} and {core.Vote} in term {core.Term}");
        if (core.Commit < seen.Commit) Fail("commit never goes back", $"{node.Name}: from {seen.Commit} to {core.Commit}");
        if (core.Applied < seen.Applied) Fail("applied never goes back", $"{node.Name}: from {seen.Applied} to {core.Applied}");
        if (core.Applied > core.Commit || core.Commit > core.Log.LastIndex || core.Log.BaseIndex > core.Applied)
            Fail("base <= applied <= commit <= last", $"{node.Name}: {core.Log.BaseIndex}, {core.Applied}, {core.Commit}, {core.Log.LastIndex}");
        if ((core.Snapshot?.Index ?? LogIndex.Zero) < core.Log.BaseIndex) Fail("no entry is forgotten before a snapshot covers it", $"{node.Name}: log from {core.Log.BaseIndex}");
    }

    /// <summary>Election safety (§5.2) and leader completeness (§5.4.3).</summary>
    private void CheckNewLeader(SimulatedNode node, RaftCore core)
    {
        if (_leaders.TryGetValue(core.Term, out MemberId other) && other != core.Self) Fail("election safety", $"{node.Name} (member {core.Self}) and member {other} lead in term {core.Term}");
        _leaders[core.Term] = core.Self;
        // A leader whose votes were long on the way may begin a term when a later one has committed already: of that it need know nothing.
        for (LogIndex index = Committed; index > LogIndex.Zero && index >= core.Log.BaseIndex; index = index.Previous)
        {
            Chosen chosen = _chosen[(int)index.Value];
            if (chosen.CommittedIn >= core.Term) continue;
            RequireHolds("leader completeness", node, core, index);
            break; // with this one it holds all before it (log matching)
        }
    }

    private void CheckCommitted(SimulatedNode node, RaftCore core, LogIndex index)
    {
        if (index > Committed)
        {
            if (index != Committed.Next || index <= core.Log.BaseIndex)
            {
                Fail("nothing is committed but what a leader committed", $"{node.Name} knows {index} committed, but nobody knew {Committed.Next}");
                return;
            }

            LogEntry entry = core.Log[index];
            _chosen.Add(new Chosen(entry.Term, core.Term, entry.Kind, PayloadHash.Of(entry.Payload.Span)));
            if (entry.Kind == EntryKind.Configuration) CheckCommittedConfiguration(node, entry);
            ForgetSettled();
            if (core.Role == RaftRole.Leader && entry.Term < core.Term) marks.Reached("commit: an earlier term's entry, by one of the own term");
            // Leader completeness once more, for leaders that were elected before this was known to be committed.
            foreach (SimulatedNode leader in cluster.Nodes)
                if (leader != node && CoreOf(leader) is { Role: RaftRole.Leader } its && its.Term > core.Term) RequireHolds("leader completeness", leader, its, index);
            return;
        }

        if (index < core.Log.BaseIndex) return;
        ref Chosen known = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_chosen)[(int)index.Value];
        if (core.Term < known.CommittedIn) known.CommittedIn = core.Term;
        RequireHolds("log matching on the committed prefix", node, core, index);
        if (index > core.Log.BaseIndex && PayloadHash.Of(core.Log[index].Payload.Span) != known.Payload)
            Fail("log matching on the committed prefix", $"{node.Name} holds {core.Log[index]} with other contents than were committed");
    }

    private void RequireHolds(string invariant, SimulatedNode node, RaftCore core, LogIndex index)
    {
        Term chosen = _chosen[(int)index.Value].Term;
        if (index < core.Log.BaseIndex || (core.Log.TryTermAt(index, out Term term) && term == chosen)) return;
        Fail(invariant, $"{index} was committed in term {chosen}, but {node.Name} ({core.Role} of term {core.Term}) holds term {term} there (0: nothing); its log ends at {core.Log.LastIndex}");
    }

    /// <summary>What a leader counts as committed is durable on a majority of disks, whether their nodes run or not (§5.3, §5.4.2).</summary>
    private void CheckQuorumHolds(SimulatedNode leader, RaftCore core)
    {
        if (core.Log.TryTermAt(core.Commit, out Term term) && term != core.Term && _watched[leader].Seen is { Role: RaftRole.Leader } seen && seen.Term == core.Term)
            Fail("a leader commits by its own term's entries (figure 8)", $"{leader.Name} leads in term {core.Term} and committed {core.Commit} of term {term}");
        if (IsDecided(core, _watched[leader].Seen, core.Commit, term)) return;
        Fail("acknowledged is durable on a quorum", $"{leader.Name} counts {core.Commit} of term {term} as committed, but the disks say: {Holders(core.Commit, term)}");
    }

    private bool HasQuorum(IReadOnlyList<Member> voters, LogIndex index, Term term)
    {
        int holders = 0;
        foreach (Member voter in voters)
            if (MirrorOf(voter.Id).Holds(index, term)) holders++; // also when that disk was lost since: it had acknowledged
        return holders > voters.Count / 2;
    }

    private string Holders(LogIndex index, Term term) =>
        string.Join(", ", _mirrors.Select(mirror => $"member {mirror.Key} {(mirror.Value.Holds(index, term) ? "holds it" : $"ends at {mirror.Value.Last}")}"));

    /// <summary>State machine safety (§5.4.3): everybody applies the same entries in the same order, and comes to the same state.</summary>
    private void CheckMachine(SimulatedNode node, RaftCore core, WatchedMachine machine)
    {
        if (machine.Applied.Count == 0) return;
        foreach ((LogIndex index, Term term, ulong payload, UInt128 digest) in machine.Applied)
        {
            if (index == WatchedMachine.Installed)
            {
                machine.LastApplied = core.Snapshot?.Index ?? LogIndex.Zero;
                CheckDigest(node, machine.LastApplied, digest);
                continue;
            }

            if (index > Committed)
            {
                Fail("only what is committed is applied", $"{node.Name} applied {index}, but only {Committed} is committed");
                break;
            }

            ref Chosen chosen = ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_chosen)[(int)index.Value];
            if (chosen.Term != term || chosen.Payload != payload) Fail("state machine safety", $"{node.Name} applied another entry at {index} than was committed");
            for (LogIndex skipped = machine.LastApplied.Next; skipped < index; skipped = skipped.Next)
                if (_chosen[(int)skipped.Value].Kind == EntryKind.Command) Fail("state machine safety", $"{node.Name} applied {index} after {machine.LastApplied}, without {skipped}");
            if (index <= machine.LastApplied) Fail("state machine safety", $"{node.Name} applied {index} after {machine.LastApplied}");
            if (!MirrorOf(core.Self).Holds(index, term)) Fail("applied is durable on the own disk", $"{node.Name} applied {index}, but its disk ends at {MirrorOf(core.Self).Last}");
            machine.LastApplied = index;
            chosen.Digest ??= digest;
            if (chosen.Digest != digest) Fail("state machine safety", $"{node.Name}'s state at {index} differs from another's");
        }

        machine.Applied.Clear();
    }

    private void CheckDigest(SimulatedNode node, LogIndex index, UInt128 digest)
    {
        if (index > Committed)
        {
            Fail("only what is committed is applied", $"{node.Name} installed a snapshot of {index}, but only {Committed} is committed");
            return;
        }

        while (_chosen[(int)index.Value].Kind != EntryKind.Command && index > LogIndex.Zero) index = index.Previous;
        if (_chosen[(int)index.Value].Digest is { } known && known != digest) Fail("a snapshot is the state at its index", $"{node.Name} installed another state for {index} than the others have there");
    }

    internal void OnFailed(SimulatedNode node, Exception reason)
    {
        // A disk that reports an error stops its node, and that is what it shall do.
        if (reason is DiskException or LogStateException) return;
        Fail("no replica stops by itself", $"{node.Name}: {reason.Message}");
    }
}

/// <summary>A property that did not hold.</summary>
/// <param name="Invariant">Which.</param>
/// <param name="What">What was seen.</param>
/// <param name="AtUs">When, in microseconds of the world's time.</param>
public sealed record Violation(string Invariant, string What, long AtUs);
