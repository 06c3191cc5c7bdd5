using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

// Which situations were reached, as seen from outside: role x message x outcome, changes of role, recoveries.
internal sealed partial class Checker
{
    private static readonly string[] Roles = ["follower", "pre-candidate", "candidate", "leader"];
    private static readonly string[] Asked = ["pre-vote", "vote", "forced vote", "heartbeat", "entries", "snapshot chunk", "timeout-now", "read index", "join"];

    private static readonly string[] Outcomes =
    [
        "granted", "refused", "taken", "old news", "refused, a gap", "refused, a conflict", "refused, an earlier term", "goes on", "complete", "from the beginning", "not Raft's", "removed",
    ];

    private static readonly string[] Heard = ["yes", "no", "a later term", "nothing"];
    private static readonly string[,,] AnswerMarks = Table(Asked, Outcomes, (role, asked, outcome) => $"{role}: {asked}, {outcome}");
    private static readonly string[,,] HearMarks = Table(Asked, Heard, (role, asked, heard) => $"{role} hears of its {asked}: {heard}");

    private static string[,,] Table(string[] asked, string[] outcomes, Func<string, string, string, string> name)
    {
        string[,,] table = new string[Roles.Length, asked.Length, outcomes.Length];
        for (int role = 0; role < Roles.Length; role++)
            for (int kind = 0; kind < asked.Length; kind++)
                for (int outcome = 0; outcome < outcomes.Length; outcome++) table[role, kind, outcome] = name(Roles[role], asked[kind], outcomes[outcome]);
        return table;
    }

    private static int AskedBy(RaftMessage request) => request.Kind switch
    {
        MessageKind.RequestVote => request.PreVote ? 0 : request.Forced ? 2 : 1,
        MessageKind.AppendEntries => request.Entries.Length == 0 ? 3 : 4,
        MessageKind.InstallSnapshot => 5,
        MessageKind.TimeoutNow => 6,
        MessageKind.ReadIndex => 7,
        _ => 8,
    };

    private static int OutcomeOf(RaftMessage request, RaftMessage? reply)
    {
        if (reply is null) return 10;
        bool stale = reply.Term > request.Term && !reply.Accepted;
        switch (reply.Kind)
        {
            case MessageKind.AppendEntriesReply:
                if (stale) return 6;
                if (reply.Accepted) return reply.Match >= request.Index + request.Entries.Length ? 2 : 3;
                return reply.ConflictTerm == Term.Zero ? 4 : 5;
            case MessageKind.InstallSnapshotReply:
                if (stale) return 6;
                return reply.Match > LogIndex.Zero ? 8 : reply.Offset == 0 ? 9 : 7;
            case MessageKind.RequestVoteReply:
                return reply.Removed ? 11 : reply.Accepted ? 0 : 1;
            default:
                return stale ? 6 : reply.Accepted ? 0 : 1;
        }
    }

    private void MarkAnswer(RaftMessage request, RaftRole role, RaftMessage? reply) =>
        marks.Reached(AnswerMarks[(int)role, AskedBy(request), OutcomeOf(request, reply)]);

    /// <inheritdoc/>
    public void Refuses(SimulatedNode node, bool isQuery) => marks.Reached(isQuery ? "leader: a batch of reads, refused as busy" : "leader: a batch of writes, refused as busy");

    /// <inheritdoc/>
    public void Hears(SimulatedNode node, GroupId group, RaftMessage request, RaftMessage? reply)
    {
        RaftRole role = CoreOf(node)?.Role ?? RaftRole.Follower;
        int heard = reply is null ? 3 : reply.Accepted ? 0 : reply.Term > request.Term ? 2 : 1;
        marks.Reached(HearMarks[(int)role, AskedBy(request), heard]);
    }

    private void MarkTransition(RaftCore core, in Seen seen)
    {
        if (core.Role != seen.Role) marks.Reached(TransitionOf(core, seen));
        else if (core.Role == RaftRole.Candidate && core.Term > seen.Term) marks.Reached("candidate: campaigns again");
        else if (core.Role == RaftRole.Leader && core.Term > seen.Term) marks.Reached("leader: of another term at once");
        if (core.Role == RaftRole.Follower && seen.Role == RaftRole.Follower && !core.Leader.IsNone && core.Leader != seen.Leader)
            marks.Reached(seen.Leader.IsNone ? "follower: finds a leader" : "follower: from one leader to the next");
        if (core.Commit > seen.Commit) marks.Reached(core.Role == RaftRole.Leader ? "commit: by counting" : "commit: learnt");
    }

    private void MarkEntries(RaftCore core, in Seen seen)
    {
        if (core.Log.LastIndex == seen.Last && core.Log.LastTerm == seen.LastTerm && (core.Snapshot?.Index ?? LogIndex.Zero) == seen.Snapshot) return;
        if (seen.Last > LogIndex.Zero && core.Log.BaseIndex <= seen.Last && (!core.Log.TryTermAt(seen.Last, out Term term) || term != seen.LastTerm))
            marks.Reached(seen.Last > seen.Commit.Next ? "log: several entries cut at a conflict" : "log: one entry cut at a conflict");
        if (core.Snapshot is not { } snapshot || snapshot.Index == seen.Snapshot || seen.Last == LogIndex.Zero) return;
        bool taken = snapshot.Index <= seen.Applied;
        marks.Reached(taken ? core.Log.BaseIndex == snapshot.Index ? "snapshot: taken, nothing kept behind it" : "snapshot: taken, some entries kept behind it"
            : snapshot.Index <= seen.Last ? "snapshot: installed, within the log's range" : "snapshot: installed, beyond the log's end");
    }

    private void MarkLog(WriteAheadLog log, ref Seen seen)
    {
        if (log.SegmentCount != seen.Segments) marks.Reached(log.SegmentCount > seen.Segments ? "disk: a segment is begun" : "disk: segments are free again");
        if (log.State != seen.Log) marks.Reached($"disk: from {seen.Log} to {log.State}");
        (seen.Segments, seen.Log) = (log.SegmentCount, log.State);
    }

    private static string TransitionOf(RaftCore core, in Seen seen) => (seen.Role, core.Role) switch
    {
        (RaftRole.Leader, RaftRole.Follower) => core.Term > seen.Term ? "leader: deposed by a later term" : "leader: steps down without a quorum",
        (RaftRole.Candidate, RaftRole.Follower) => core.Term > seen.Term ? "candidate: deposed by a later term" : "candidate: beaten in its term",
        (RaftRole.PreCandidate, RaftRole.Follower) => core.Term > seen.Term ? "pre-candidate: deposed by a later term" : "pre-candidate: gives up",
        (RaftRole.Follower, RaftRole.PreCandidate) => "follower: asks whether it could win",
        (RaftRole.Follower, RaftRole.Candidate) => "follower: campaigns as it was told",
        (RaftRole.PreCandidate, RaftRole.Candidate) => "pre-candidate: campaigns",
        (RaftRole.Candidate, RaftRole.PreCandidate) => "candidate: asks again whether it could win",
        (RaftRole.Candidate, RaftRole.Leader) => "candidate: wins",
        (RaftRole.PreCandidate, RaftRole.Leader) => "pre-candidate: wins within one turn",
        (RaftRole.Follower, RaftRole.Leader) => "follower: wins within one turn",
        (RaftRole.Leader, _) => "leader: campaigns again within one turn",
        _ => "another change of role",
    };

    /// <summary>What matters of a state: who runs as what, and how terms, logs, disks and commits stand to each other.</summary>
    private void RememberState()
    {
        Term highest = Term.Zero;
        LogIndex last = LogIndex.Zero;
        foreach (SimulatedNode node in cluster.Nodes)
        {
            if (CoreOf(node) is not { } core) continue;
            highest = core.Term > highest ? core.Term : highest;
            last = LogIndex.Max(last, core.Log.LastIndex);
        }

        ulong state = (ulong)cluster.Nodes.Count;
        foreach (SimulatedNode node in cluster.Nodes)
        {
            ulong part = 0;
            if (CoreOf(node) is { } core)
            {
                part = 1 | ((ulong)core.Role << 1) | (core.Vote.IsNone ? 0 : 8UL) | (core.Leader.IsNone ? 0 : 16UL) | (node.IsPaused ? 32UL : 0)
                    | ((ulong)Math.Min(highest.Value - core.Term.Value, 3) << 6) | ((ulong)Math.Clamp(last - core.Log.LastIndex, 0, 3) << 8)
                    | ((ulong)Math.Clamp(Committed - core.Commit, 0, 3) << 10) | ((ulong)Math.Clamp(core.Log.LastIndex - core.Durable, 0, 3) << 12)
                    | ((ulong)Math.Clamp(core.Commit - core.Applied, 0, 1) << 14) | (core.Snapshot is null ? 0 : 1UL << 15) | (core.Log.LastTerm == core.Term ? 1UL << 16 : 0);
            }

            state = PayloadHash.Mix((state * 31) ^ part);
        }

        States.Add(state);
    }

    private void MarkRecovery(RaftCore core, DiskMirror disk)
    {
        bool snapshot = core.Snapshot is not null, entries = core.Log.LastIndex > (core.Snapshot?.Index ?? LogIndex.Zero);
        marks.Reached(snapshot ? entries ? "recovery: a snapshot and entries" : "recovery: a snapshot only" : entries ? "recovery: entries only" : "recovery: an empty log");
        if (!core.Vote.IsNone) marks.Reached("recovery: a vote of its last term");
        if (core.Log.LastIndex > Committed) marks.Reached("recovery: entries that are not committed");
        if (core.Log.LastIndex > LogIndex.Zero && core.Commit < core.Log.LastIndex) marks.Reached("recovery: a commit hint behind the log");
        if (!disk.InFlight) marks.Reached("recovery: no batch was on its way");
        else if (core.Log.LastIndex > disk.Last) marks.Reached("recovery: the batch on its way has survived");
        else marks.Reached("recovery: the batch on its way has changed nothing");
    }
}
