using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.CrashPoints;

/// <summary>
/// What a follower's log must be after each message, and what the node has promised of it. After a power cut the log must be one of the states that the
/// messages have led through, none that lacks what was acknowledged; and term and vote no older than what anybody was told.
/// </summary>
internal sealed class FollowerPromises(GroupId id)
{
    private readonly List<List<int>> _states = [[]];
    private readonly List<(int State, int Length)> _acknowledged = [];
    private long _termSeen;
    private (long Term, MemberId Candidate) _vote;

    internal bool Created { get; set; }

    internal int Truncations { get; private set; }

    internal int Votes { get; private set; }

    /// <summary>The terms of the entries that the node has taken in, from index 1 on.</summary>
    internal List<int> Local => _states[^1];

    internal int Latest => _states.Count - 1;

    internal int Commit { get; private set; }

    internal static long NumberOf(int index, int term) => index * 1000L + term;

    internal int CommonWith(List<int> log)
    {
        int common = 0;
        while (common < log.Count && common < Local.Count && log[common] == Local[common]) common++;
        return common;
    }

    /// <summary>Paper, figure 2, receiver of AppendEntries.</summary>
    internal void OnAppend(List<int> log, int previous, int last, int leaderCommit)
    {
        if (last < Commit) return;
        List<int> next = [.. Local];
        for (int i = Math.Max(previous, Commit); i < last; i++)
        {
            if (i < next.Count && next[i] == log[i]) continue;
            if (i < next.Count) Truncations++;
            next.RemoveRange(i, next.Count - i);
            next.Add(log[i]);
        }

        Commit = Math.Max(Commit, Math.Min(leaderCommit, last));
        _states.Add(next);
    }

    /// <summary>Paper, section 7: what follows the snapshot's last entry is kept if the log holds that entry.</summary>
    internal void OnInstall(List<int> log, int index)
    {
        bool keeps = Local.Count >= index && Local[index - 1] == log[index - 1];
        _states.Add(keeps ? [.. Local] : [.. log.Take(index)]);
        Commit = index;
    }

    /// <summary>The node has refused the last message, for lack of space: it never was.</summary>
    internal void Undo(int latest, int commit)
    {
        _states.RemoveRange(latest + 1, Latest - latest);
        Commit = commit;
    }

    internal void OnReply(int term, int state, RaftMessage reply)
    {
        _termSeen = Math.Max(_termSeen, reply.Term.Value);
        if (reply.Term.Value != term) return;
        if (reply.Accepted && reply.Match > LogIndex.Zero) _acknowledged.Add((state, (int)reply.Match.Value));
    }

    internal void OnVote(int term, MemberId candidate, RaftMessage reply)
    {
        _termSeen = Math.Max(_termSeen, reply.Term.Value);
        if (!reply.Accepted) return;
        if (_vote.Term == term && _vote.Candidate != candidate) throw new ViolationException($"two votes in term {term}: {_vote.Candidate} and {candidate}");
        _vote = (term, candidate);
        Votes++;
    }

    internal void CheckLog(LogRecovery log, int committed)
    {
        RecoveredGroup? group = log.Groups.FirstOrDefault(group => group.Id == id);
        if (group is null)
        {
            if (Created) throw new ViolationException($"{id} is gone, though its creation was acknowledged");
            Restart([], 0);
            return;
        }

        Created = true;
        HardState hard = group.HardState;
        if (hard.Term.Value < _termSeen) throw new ViolationException($"the term of {id} is {hard.Term}; others were told {_termSeen}");
        if (_vote.Term > hard.Term.Value || (_vote.Term == hard.Term.Value && hard.Vote != _vote.Candidate))
            throw new ViolationException($"{id} voted for {_vote.Candidate} in term {_vote.Term}; its disk says {hard.Vote} in {hard.Term}");
        _termSeen = hard.Term.Value;
        int snapshot = (int)(group.Snapshot?.Index.Value ?? 0);
        if (snapshot > committed) throw new ViolationException($"{id} has a snapshot of {snapshot}; only {committed} is committed");
        Restart(Find(group, snapshot), Math.Max(snapshot, (int)Math.Min(hard.Commit.Value, snapshot + group.Entries.Count)));
        if (Commit > committed) throw new ViolationException($"{id} believes {Commit} committed; only {committed} is");
    }

    /// <summary>The state applied must be just the log up to what is applied.</summary>
    internal void CheckService(NodeLife life)
    {
        if (!life.Node.HasGroup(id.Name)) return;
        life.Await(life.Node.GetStateAsync(id.Name)); // its first turn applies what is known to be committed
        ReplicaState state = life.Await(life.Node.GetStateAsync(id.Name))!;
        if (state.Failure is { } failure) throw new ViolationException($"{id} does not run: {failure}");
        long applied = state.Applied.Value;
        if (applied > Commit) throw new ViolationException($"{id} has applied {applied}; it may know of {Commit}");
        IReadOnlyList<(long Index, long Number)> items = life.Machines[id.Name].Items;
        if (items.Count != applied) throw new ViolationException($"{id} serves {items.Count} entries; {applied} are applied");
        for (int i = 0; i < items.Count; i++)
            if (items[i] != (i + 1, NumberOf(i + 1, Local[i]))) throw new ViolationException($"{id} serves {items[i]} at {i + 1}, where term {Local[i]} stands");
    }

    private List<int> Find(RecoveredGroup group, int snapshot)
    {
        for (int i = _states.Count - 1; i >= 0; i--)
            if (Equals(_states[i], group, snapshot) && _acknowledged.TrueForAll(ack => i >= ack.State || Holds(_states[i], ack))) return _states[i];
        throw new ViolationException(
            $"{id} recovers a snapshot of {snapshot} and terms {string.Join(",", group.Entries.Select(static e => e.Term))}; it was acknowledged {string.Join(" ", _acknowledged.TakeLast(5))} of {_states.Count} states, the last {string.Join(",", Local)}");
    }

    private bool Holds(List<int> state, (int State, int Length) acknowledged) =>
        state.Count >= acknowledged.Length && state.Take(acknowledged.Length).SequenceEqual(_states[acknowledged.State].Take(acknowledged.Length));

    private static bool Equals(List<int> state, RecoveredGroup group, int snapshot)
    {
        if (state.Count != snapshot + group.Entries.Count) return false;
        if (snapshot > 0 && state[snapshot - 1] != group.Snapshot!.Term.Value) return false;
        foreach (LogEntry entry in group.Entries)
        {
            int index = (int)entry.Index.Value;
            if (state[index - 1] != entry.Term.Value || BitConverter.ToInt64(entry.Payload.Span) != NumberOf(index, state[index - 1])) return false;
        }

        return true;
    }

    // What was recovered is relied on from here: no later power cut may take it away.
    private void Restart(List<int> log, int commit)
    {
        _states.Clear();
        _states.Add(log);
        _acknowledged.Clear();
        _acknowledged.Add((0, log.Count));
        Commit = commit;
    }
}
