using Quorleans.Raft;
using Quorleans.Simulation;

namespace Quorleans.Labs.Raft;

/// <summary>
/// Histories that random runs meet too seldom: with these bugs put in on purpose the labs' own tests pass (an author ran them 400 times with the rule of
/// figure 8 missing). So they are scripted here, message by message, over the whole node.
/// </summary>
internal static class ScriptedScenarios
{
    internal static IEnumerable<Scenario> All =>
    [
        new("TestFigure8CommitRule", "beyond", "The paper's figure 8 exactly: an entry of an older term on a majority is not committed by that.", CommitRule),
        new("TestVoteSurvivesCrash", "beyond", "A voter loses its power when its vote has just left, and is asked by another in the same term.", VoteSurvivesCrash),
        new("TestOldAppendKeepsNewerEntries", "beyond", "A late AppendEntries arrives after newer entries were acknowledged; then the leader dies.", OldAppend),
    ];

    // The servers' names are the figure's.
    private static async Task CommitRule(LabRun run)
    {
        // One entry in a message, so that an older one travels without the new leader's own.
        RaftLab lab = new(run, servers: 5, set: options => options with { MaxAppendBytes = 1 });
        await lab.One(1, lab.Count, retry: true);

        // (a) S1 leads and brings an entry to S2 only. Then it dies.
        int s1 = lab.Leader;
        int s2 = (s1 + 1) % 5;
        lab.ConnectOnly(s1, s2);
        Started old = await lab.Start(s1, 2);
        LabRun.Require(old.IsLeader, "A leader that was just cut off refuses a command.");
        LogIndex contested = lab.Core(s1)!.Log.LastIndex;
        await lab.Until("the entry is durable on S2", () => lab.Core(s2)!.Durable >= contested);
        lab.Crash(s1, UnsyncedFate.Kept);

        // (b) S5 is elected by S3 and S4, writes its own entry at the same place, and dies before anybody gets it.
        int[] others = [(s1 + 2) % 5, (s1 + 3) % 5, (s1 + 4) % 5];
        lab.ConnectOnly(others);
        lab.Network.Script = (in Packet packet) => IsAppend(packet) && lab.Read(packet).Entries.Length > 0 ? Fate.LostAndReported(1000) : null;
        await lab.Until("S5 leads", () => others.Any(lab.Leads));
        int s5 = others.First(lab.Leads);
        await lab.Until("S5's entry is durable", () => lab.Core(s5)!.Durable >= contested);
        lab.Crash(s5, UnsyncedFate.Kept);

        // (c) S1 or S2 leads S3, and brings the old entry, but none of its own term, to a majority.
        int[] rest = [.. others.Where(server => server != s5)];
        lab.Restart(s1);
        lab.ConnectOnly(s1, s2, rest[0]);
        Term oldTerm = new(old.Term);
        lab.Network.Script = (in Packet packet) => IsAppend(packet) && lab.Read(packet).Entries.Any(entry => entry.Term > oldTerm) ? Fate.LostAndReported(1000) : null;
        await lab.Until("the old entry is durable on S1, S2 and S3", () => new[] { s1, s2, rest[0] }.All(server => lab.Core(server)!.Durable >= contested));
        await lab.Sleep(100);
        run.Exactly("servers that committed an older term's entry by counting", lab.CommittedBy(old.Index, out _), 0, "");

        // (d) Both die. S5 comes back, leads S3 and S4, and overwrites the entry.
        lab.Crash(s1, UnsyncedFate.Kept);
        lab.Crash(s2, UnsyncedFate.Kept);
        lab.Restart(s5);
        lab.Network.Script = null;
        lab.ConnectOnly(s5, rest[0], rest[1]);
        await lab.One(3, 3, retry: true);
        LabRun.Require(lab.CommittedBy(old.Index, out long value) >= 3 && value == 3, $"Index {old.Index} holds {value}, not what S5's majority agreed on.");

        lab.Restart(s1);
        lab.Restart(s2);
        lab.ConnectAll();
        await lab.One(4, lab.Count, retry: true);
    }

    private static async Task VoteSurvivesCrash(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        for (int round = 0; round < 4; round++)
        {
            await lab.One(round, lab.Count, retry: true);
            int voter = (lab.Leader + 1) % 3;
            MemberId self = lab.Core(voter)!.Self, one = lab.Core((voter + 1) % 3)!.Self, other = lab.Core((voter + 2) % 3)!.Self;
            Term term = lab.Core(voter)!.Term.Next;

            // It takes nobody for its leader any more; then candidates of the next term ask it.
            lab.Disconnect(voter);
            await lab.Until("the voter misses its leader", () => lab.Core(voter)!.Leader.IsNone);

            // In every other round it has learnt of the term before, from a candidate whose log is too short: the vote is a write of its own then.
            if (round % 2 == 1)
            {
                RaftMessage tooShort = await lab.Deliver(voter, Ask(one, self, term, LogIndex.Zero, Term.Zero));
                LabRun.Require(!tooShort.Accepted && lab.Core(voter)!.Term == term, "A candidate whose log is too short got a vote, or its term was not learnt.");
            }

            // The power goes at the moment when the answer leaves.
            RaftMessage vote = await lab.Deliver(voter, Ask(one, self, term, new LogIndex(1_000_000), term));
            LabRun.Require(vote.Accepted, $"The voter refused {one} in term {term}.");
            lab.Crash(voter, UnsyncedFate.Lost);
            lab.Restart(voter);
            RaftMessage second = await lab.Deliver(voter, Ask(other, self, term, new LogIndex(1_000_000), term));
            run.Exactly("second votes in a term, after a power loss", second.Accepted ? 1 : 0, 0, "");
            RaftMessage again = await lab.Deliver(voter, Ask(one, self, term, new LogIndex(1_000_000), term));
            LabRun.Require(again.Accepted, $"The voter does not know any more that it voted for {one} in term {term}.");
            lab.ConnectAll();
        }

        await lab.One(100, lab.Count, retry: true);
    }

    private static RaftMessage Ask(MemberId candidate, MemberId voter, Term term, LogIndex last, Term lastTerm) => new()
    {
        Kind = MessageKind.RequestVote, From = candidate, To = voter, Term = term, Sequence = 1, Index = last, IndexTerm = lastTerm,
    };

    private static async Task OldAppend(LabRun run)
    {
        RaftLab lab = new(run, servers: 3);
        await lab.One(1, lab.Count, retry: true);
        int leader = await lab.CheckOneLeader();
        int follower = (leader + 1) % 3, third = (leader + 2) % 3;
        lab.Disconnect(third);

        // Two commands in one message; the follower has both, and the leader has committed them.
        RaftMessage? both = null;
        bool isSilent = false;
        lab.Network.Script = (in Packet packet) =>
        {
            if (!IsAppend(packet) || LabNetwork.ServerOf(packet.To) != follower) return null;
            if (isSilent) return Fate.LostAndReported(1000);
            if (lab.Read(packet) is { Entries.Length: 2 } message)
            {
                both = message;

                // Nothing that comes later tells the follower that they are committed.
                isSilent = true;
            }

            return null;
        };
        Started[] started = await Task.WhenAll(lab.Start(leader, 2), lab.Start(leader, 3));
        int last = started.Max(s => s.Index);
        await lab.Until("the leader commits both", () => both is not null && lab.CommittedBy(last, out _) > 0);

        // An earlier message of the same leader, with the first of the two, comes late.
        RaftMessage early = new()
        {
            Kind = MessageKind.AppendEntries, From = both!.From, To = both.To, Term = both.Term, Sequence = both.Sequence - 1, Index = both.Index,
            IndexTerm = both.IndexTerm, Entries = [both.Entries[0]], Commit = both.Commit, ReadRound = both.ReadRound, Time = both.Time,
        };
        await lab.Deliver(follower, early);
        run.Exactly("entries that the follower lost to it", (both.Index + 2).Value - lab.Core(follower)!.Log.LastIndex.Value, 0, "");

        lab.Crash(leader);
        lab.Network.Script = null;
        lab.Connect(third);
        int next = await lab.One(4, 2, retry: true);
        run.Exactly("index of the next command", next, last + 1, "");
        lab.Restart(leader);
        lab.ConnectAll();
        await lab.One(5, lab.Count, retry: true);
    }

    private static bool IsAppend(in Packet packet) => packet is { Kind: PacketKind.RaftRequest, Message: MessageKind.AppendEntries };
}
