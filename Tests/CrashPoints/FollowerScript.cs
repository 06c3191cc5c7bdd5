using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>
/// A group of three in which the script plays the other two, who together are a majority: they elect each other, commit, overwrite the node's uncommitted
/// entries, send snapshots. The model follows every message; <see cref="FollowerPromises"/> holds the node to its answers.
/// </summary>
internal sealed class FollowerScript(Random random)
{
    internal static readonly GroupId Id = new("g3", 1);
    private static readonly MemberId Self = new(1);
    private static readonly Membership Three = Membership.Initial([("n1", NodeLife.NodeId), ("n2", new Guid(2, 0, 0, new byte[8])), ("n3", new Guid(3, 0, 0, new byte[8]))]);
    private readonly FollowerPromises _promises = new(Id);
    private readonly SnapshotStore _snapshots = new(new SimulatedDisk(1));
    private List<int> _leaderLog = []; // the term of each entry, from index 1 on
    private int _term;
    private MemberId _leader = new(2);
    private int _committed;
    private long _sequence;
    private int _installs;
    private NodeLife? _life;

    internal void Begin(NodeLife life)
    {
        _life = life;
        if (life.Node.HasGroup(Id.Name)) return;
        Task created = life.Node.CreateGroupAsync(Id, Self, Three, life.Machines[Id.Name] = new JournalMachine());
        life.When(created, () => _promises.Created |= created.IsCompletedSuccessfully);
        life.RunLoop();
    }

    internal void Step()
    {
        switch (random.Next(12))
        {
            case 0 or 1: Elect(); break;
            case 2 or 3: InstallSnapshot(); break;
            case 4: Append(0); break;
            default: Append(random.Next(1, 5)); break;
        }
    }

    internal string Describe() => $"{_promises.Truncations} truncations, {_promises.Votes} votes, {_installs} snapshots received";

    internal void CheckLog(LogRecovery log) => _promises.CheckLog(log, _committed);

    internal void CheckService(NodeLife life) => _promises.CheckService(life);

    private void Elect()
    {
        MemberId candidate = new(random.Next(2, 4));
        int term = _term + random.Next(1, 3);
        // The new leader's log: what is committed, more or less of the old leader's, or of what the node was given earlier.
        List<int> log = [.. _leaderLog.Take(random.Next(_committed, _leaderLog.Count + 1))];
        if (random.Next(3) == 0 && _promises.Local.Count >= _committed && _promises.Local.Take(_committed).SequenceEqual(_leaderLog.Take(_committed))) log = [.. _promises.Local];
        (_term, _leader, _leaderLog) = (term, candidate, log);
        if (random.Next(3) > 0)
        {
            RaftMessage request = new()
            {
                Kind = MessageKind.RequestVote, From = candidate, To = Self, Term = new Term(term), Sequence = ++_sequence, Forced = true,
                Index = new LogIndex(log.Count), IndexTerm = new Term(log.Count == 0 ? 0 : log[^1]),
            };
            Send(request, reply => _promises.OnVote(term, candidate, reply));
        }

        _leaderLog.Add(term);
    }

    private void Append(int count)
    {
        if (_term == 0) Elect();
        for (int i = 0; i < count; i++) _leaderLog.Add(_term);
        // The other two alone may commit what is of this term.
        if (_leaderLog[^1] == _term && random.Next(2) == 0) _committed = Math.Max(_committed, random.Next(_leaderLog.IndexOf(_term) + 1, _leaderLog.Count + 1));
        if (random.Next(4) == 0) return; // the node hears nothing of it
        int previous = _promises.CommonWith(_leaderLog);
        if (random.Next(4) == 0) previous = random.Next(previous + 1); // an older message, or one sent twice
        int last = Math.Min(_leaderLog.Count, previous + 8);
        LogEntry[] entries = [.. Enumerable.Range(previous + 1, last - previous).Select(Entry)];
        RaftMessage request = new()
        {
            Kind = MessageKind.AppendEntries, From = _leader, To = Self, Term = new Term(_term), Sequence = ++_sequence,
            Index = new LogIndex(previous), IndexTerm = new Term(previous == 0 ? 0 : _leaderLog[previous - 1]), Entries = entries, Commit = new LogIndex(_committed),
        };
        (int latest, int commit) = (_promises.Latest, _promises.Commit);
        _promises.OnAppend(_leaderLog, previous, last, _committed);
        (int state, int term) = (_promises.Latest, _term);
        if (!Send(request, reply => _promises.OnReply(term, state, reply))) _promises.Undo(latest, commit);
    }

    private void InstallSnapshot()
    {
        if (_term == 0 || _committed <= _promises.Commit) return;
        int index = random.Next(_promises.Commit + 1, _committed + 1);
        _installs++;
        JournalMachine machine = new();
        for (int i = 1; i <= index; i++) machine.Apply(Entry(i), wantResult: false);
        SnapshotMetadata metadata = new(new LogIndex(index), new Term(_leaderLog[index - 1]), new LogTime(index), Three);
        using SnapshotWriter writer = _snapshots.Create(Id, metadata);
        using (ISnapshotView view = machine.Capture()) view.WriteTo(writer.Body, CancellationToken.None);
        using SnapshotReader reader = _snapshots.Open(writer.Commit());
        (int latest, int commit) = (_promises.Latest, _promises.Commit);
        byte[] chunk = new byte[random.Next(300, 3000)];
        for (long offset = 0; offset < reader.Length;)
        {
            int length = reader.ReadChunk(offset, chunk);
            bool isLast = offset + length == reader.Length;
            if (isLast) _promises.OnInstall(_leaderLog, index);
            int state = _promises.Latest, term = _term;
            RaftMessage request = new()
            {
                Kind = MessageKind.InstallSnapshot, From = _leader, To = Self, Term = new Term(_term), Sequence = ++_sequence, Snapshot = metadata,
                Offset = offset, TotalBytes = reader.Length, Data = chunk.AsMemory(0, length).ToArray(),
            };
            Send(request, reply => _promises.OnReply(term, state, reply));
            while (_life!.HasAside) _life.RunAside();
            offset += length;
        }

        ReplicaState? seen = _life!.Await(_life.Node.GetStateAsync(Id.Name));
        if (seen is null || seen.Commit.Value < index) _promises.Undo(latest, commit);
    }

    private LogEntry Entry(int index)
    {
        int term = _leaderLog[index - 1];
        return new LogEntry(new LogIndex(index), new Term(term), EntryKind.Command, new LogTime(index), JournalMachine.Command(FollowerPromises.NumberOf(index, term), 8 + index * 37 % 200));
    }

    /// <returns>False when the node refused to take it in.</returns>
    private bool Send(RaftMessage request, Action<RaftMessage> onReply)
    {
        Task<byte[]> answer = _life!.Node.HandleAsync(Id.Name, MessageCodec.Encode(NodeLife.Cluster, Id, request));
        _life.When(answer, () =>
        {
            if (!answer.IsCompletedSuccessfully) return; // refused, or the node has stopped
            if (MessageCodec.TryDecode(NodeLife.Cluster, Id, answer.Result, out RaftMessage? reply) != MessageError.None) throw new ViolationException("an answer is malformed");
            onReply(reply!);
        });
        _life.RunLoop();
        return !answer.IsFaulted;
    }
}
