using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

// What disks hold, what starts find on them, and what messages promise of them.
internal sealed partial class Checker
{
    private readonly Dictionary<(Term Term, MemberId Voter), MemberId> _votes = [];

    /// <inheritdoc/>
    public void BatchSent(SimulatedNode node)
    {
        if (node.LogOf(GroupName) is { } group && CoreOf(node) is { } core) MirrorOf(core.Self).Sent(group, core.Log, node.Log!.PendingSequence - 1);
    }

    /// <inheritdoc/>
    public void BatchDurable(SimulatedNode node)
    {
        if (CoreOf(node) is { } core) MirrorOf(core.Self).Durable();
    }

    /// <inheritdoc/>
    public void Ended(SimulatedNode node)
    {
    }

    /// <inheritdoc/>
    public void StartFailed(SimulatedNode node, Exception reason)
    {
        if (reason is not (LogCorruptException or SnapshotCorruptException or NodeDirectoryException { Error: NodeDirectoryError.Malformed })) return;
        marks.Reached("recovery: corrupt, and it says so");
        if (Damaged.Contains(node)) Lost.Add(node);
        else Fail("no disk is called corrupt that is not", $"{node.Name}: {reason.Message}");
    }

    /// <inheritdoc/>
    public void Started(SimulatedNode node)
    {
        Watched watched = _watched[node];
        if (CoreOf(node) is not { } core || node.LogOf(GroupName) is not { } group)
        {
            marks.Reached("recovery: nothing there yet");
            if (!watched.Self.IsNone) CheckDeleted(node, watched);
            return;
        }

        if (core.Self != watched.Self) CheckBegins(node, core, watched);
        DiskMirror disk = MirrorOf(core.Self);

        if (Damaged.Contains(node)) marks.Reached("recovery: damaged where it does no harm");
        if (disk.Exists) CheckRecovered(node, core, disk);
        MarkRecovery(core, disk);
        disk.Recovered(group, core.Log);
        Turned(node);
    }

    private void CheckRecovered(SimulatedNode node, RaftCore core, DiskMirror disk)
    {
        if (core.Term < disk.HardState.Term || (core.Term == disk.HardState.Term && !disk.HardState.Vote.IsNone && core.Vote != disk.HardState.Vote))
            Fail("vote and term are durable", $"{node.Name} came back with term {core.Term}, vote {core.Vote}; its disk had {disk.HardState}");
        for (LogIndex index = LogIndex.Max(core.Log.BaseIndex, disk.Base).Next; index <= disk.Last; index = index.Next)
        {
            disk.TryTermAt(index, out Term durable);
            if ((core.Log.TryTermAt(index, out Term found) && found == durable) || index >= disk.MayDifferFrom) continue;
            Fail("what is durable is found again", $"{node.Name} came back with term {found} at {index} (0: nothing); its disk had {durable} there, and goes to {disk.Last}");
            return;
        }

        if (core.Log.BaseIndex < disk.Base) Fail("what is durable is found again", $"{node.Name} came back with a log from {core.Log.BaseIndex}; its disk had a snapshot of {disk.Base}");
    }

    /// <inheritdoc/>
    public void Sends(SimulatedNode node, GroupId group, RaftMessage request)
    {
        if (request.Kind == MessageKind.RequestVote && !request.PreVote)
        {
            HardState durable = MirrorOf(request.From).HardState;
            if (durable.Term < request.Term || (durable.Term == request.Term && durable.Vote != request.From))
                Fail("nothing is promised before it is durable", $"{node.Name} asks for votes in term {request.Term}, but its disk says {durable}");
            Voted(node, request.Term, request.From, request.From);
        }
        else if (request.Kind == MessageKind.AppendEntries && _leaders.TryGetValue(request.Term, out MemberId leader) && leader != request.From)
        {
            Fail("election safety", $"{node.Name} sends entries in term {request.Term}, which member {leader} leads");
        }
    }

    /// <inheritdoc/>
    public void Answers(SimulatedNode node, GroupId group, RaftMessage request, RaftRole roleAtArrival, RaftMessage? reply)
    {
        MarkAnswer(request, roleAtArrival, reply);
        if (reply is null) return;
        DiskMirror disk = MirrorOf(reply.From);
        HardState durable = disk.HardState;
        switch (reply.Kind)
        {
            case MessageKind.RequestVoteReply when reply.Accepted && !reply.PreVote:
                if (durable.Term < reply.Term || (durable.Term == reply.Term && durable.Vote != reply.To))
                    Fail("nothing is promised before it is durable", $"{node.Name} grants its vote to {reply.To} in term {reply.Term}, but its disk says {durable}");
                Voted(node, reply.Term, reply.From, reply.To);
                break;
            case MessageKind.AppendEntriesReply or MessageKind.InstallSnapshotReply when reply.Accepted:
                if (durable.Term < reply.Term) Fail("nothing is promised before it is durable", $"{node.Name} acknowledges in term {reply.Term}, but its disk says {durable}");
                if (CoreOf(node) is not { } core || reply.Term != core.Term || reply.From != core.Self) break; // of an earlier leader: what it vouches for may be superseded
                if (reply.Match > disk.Last || (core.Log.TryTermAt(reply.Match, out Term held) && disk.TryTermAt(reply.Match, out Term there) && held != there))
                    Fail("nothing is promised before it is durable", $"{node.Name} acknowledges {reply.Match}, but its disk ends at {disk.Last}, or holds another entry there");
                break;
            default:
                break;
        }
    }

    private void Voted(SimulatedNode node, Term term, MemberId voter, MemberId candidate)
    {
        if (!_votes.TryAdd((term, voter), candidate) && _votes[(term, voter)] != candidate)
            Fail("one vote in a term", $"{node.Name} (member {voter}) voted for {_votes[(term, voter)]} and for {candidate} in term {term}");
    }
}
