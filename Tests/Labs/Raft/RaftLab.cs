using System.Buffers.Binary;
using Quorleans.Raft;
using Quorleans.Raft.Node;
using Quorleans.Simulation;

namespace Quorleans.Labs.Raft;

/// <summary>What a server said when it was offered a command.</summary>
/// <param name="IsLeader">It took the command into its log.</param>
/// <param name="Index">The command's index if it is ever committed, as the labs count: from 1, without no-ops.</param>
/// <param name="Term">Its term.</param>
internal readonly record struct Started(bool IsLeader, int Index, long Term);

/// <summary>Lab 2's test bed: replicas under a service that records what it is given, and commands offered to single servers.</summary>
internal sealed class RaftLab : Lab
{
    /// <summary>When a snapshot is due in lab 2D: about ten commands of 16 bytes, encoded.</summary>
    internal const int SnapshotThresholdBytes = 600;

    private readonly AppliedLog _log;
    private readonly RecordingMachine?[] _machines;
    private long _ids;

    internal RaftLab(LabRun run, int servers, bool unreliable = false, bool snapshots = false, Func<RaftOptions, RaftOptions>? set = null)
        : base(run, servers, LabTiming.Of(run.Seed), options => options with
        {
            Raft = set is null ? options.Raft : set(options.Raft), SnapshotThresholdBytes = snapshots ? SnapshotThresholdBytes : long.MaxValue,
        })
    {
        (_log, _machines) = (new AppliedLog(this), new RecordingMachine?[servers]);
        (Network.LongDelays, Network.Unreliable) = (true, unreliable);
        if (snapshots) WatchLogs();
        StartAll();
    }

    protected override IStateMachine NewMachine(int server) => _machines[server] = new RecordingMachine(server, _log);

    /// <summary>Offers a command to a server, which takes it if it believes to lead.</summary>
    internal async Task<Started> Start(int server, long value, int bytes = Command.Bytes)
    {
        SimulatedNode node = Node(server);
        if (node.Raft is not { } raft) return default;
        ReadOnlyMemory<byte> command = Command.Encode(value, ++_ids, bytes);
        int life = node.Life;
        Task<Outcome> outcome = raft.ProposeAsync(Group.Name, 0, command);

        // The node's loop takes it in its next turn.
        for (int turn = 0; turn < 50 && !outcome.IsCompleted; turn++)
        {
            await SleepUs(World.StepUs);
            if (node.Life != life) return default;
            if (!outcome.IsCompleted && Find(server, command) is { } started) return started;
        }

        if (!outcome.IsCompleted || outcome.Result is not { Status: OutcomeStatus.Ok } done) return default;
        int index = BinaryPrimitives.ReadInt32LittleEndian(done.Result.Span);
        return new Started(true, index, _log[index].Term.Value);
    }

    /// <summary>How many running servers have applied the command of an index, and which it is.</summary>
    internal int CommittedBy(int index, out long value)
    {
        value = index <= _log.Count ? _log[index].Value : 0;
        int count = 0;
        for (int i = 0; i < Count; i++)
            if (IsUp(i) && _machines[i]!.Count >= index) count++;
        return count;
    }

    /// <summary>Has a command agreed on: offers it to whoever leads, again and again for 10 s if need be.</summary>
    /// <param name="value">The command.</param>
    /// <param name="expected">How many servers have to apply it.</param>
    /// <param name="retry">False: the first leader that takes it has to bring it through, within 2 s.</param>
    /// <param name="bytes">The command's size.</param>
    /// <returns>Its index.</returns>
    internal async Task<int> One(long value, int expected, bool retry, int bytes = Command.Bytes)
    {
        double begin = NowMs;
        int server = 0;
        while (NowMs - begin < 10_000)
        {
            Started started = default;
            for (int i = 0; i < Count && !started.IsLeader; i++)
            {
                server = (server + 1) % Count;
                if (IsConnected(server)) started = await Start(server, value, bytes);
            }

            if (!started.IsLeader)
            {
                await Sleep(50);
                continue;
            }

            long id = _ids;
            double taken = NowMs;
            while (NowMs - taken < 2000)
            {
                if (CommittedBy(started.Index, out long committed) >= expected && committed == value)
                {
                    if (retry) Run.AtMost("a command agreed on, with other leaders if need be", NowMs - begin, 10_000, "ms");
                    else Run.AtMost("a command agreed on by the first leader that took it", NowMs - taken, 2000, "ms");
                    return started.Index;
                }

                await Sleep(20);
            }

            LabRun.Require(retry, $"Command {value} was not agreed on by {expected} servers within 2 s.");
        }

        throw new LabFailureException($"Command {value} was not agreed on by {expected} servers within 10 s.");
    }

    /// <summary>Waits until enough servers have applied an index: 10 ms, 20 ms… up to a second each time, 30 times.</summary>
    /// <param name="index">The index.</param>
    /// <param name="servers">How many have to.</param>
    /// <param name="term">If positive: gives up when some server is in a later one.</param>
    /// <returns>The command, or null when given up.</returns>
    internal async Task<long?> Wait(int index, int servers, long term = 0)
    {
        double pause = 10;
        for (int i = 0; i < 30 && CommittedBy(index, out _) < servers; i++)
        {
            await Sleep(pause);
            if (pause < 1000) pause *= 2;
            for (int server = 0; server < Count && term > 0; server++)
                if (Core(server)?.Term.Value > term) return null;
        }

        int applied = CommittedBy(index, out long value);
        LabRun.Require(applied >= servers, $"Only {applied} of {servers} servers have applied index {index}.");
        return value;
    }

    /// <summary>Looks every half second, ten times, for one leader among the connected servers.</summary>
    /// <returns>The leader of the latest term.</returns>
    internal async Task<int> CheckOneLeader()
    {
        double begin = NowMs;
        for (int poll = 0; poll < 10; poll++)
        {
            await Sleep(450 + Run.Random.Next(100));
            SortedDictionary<long, int> leaders = [];
            for (int i = 0; i < Count; i++)
            {
                if (!IsConnected(i) || !Leads(i)) continue;
                long term = Core(i)!.Term.Value;
                LabRun.Require(leaders.TryAdd(term, i), $"Two leaders in term {term}.");
            }

            if (leaders.Count == 0) continue;
            int leader = leaders.Values.Last();

            // The labs' pages want 5 s, their tests poll for 5.5 s at the most; this is the election's own end, not that of a poll.
            Run.AtMost("a leader elected", LeaderAfter(leader, begin), 5000, "ms");
            return leader;
        }

        throw new LabFailureException("No leader was elected.");
    }

    /// <summary>Nobody claims to lead. The labs ask the connected servers; a leader that was cut off has to know too (it checks its quorum).</summary>
    internal void CheckNoLeader()
    {
        for (int i = 0; i < Count; i++) LabRun.Require(!Leads(i), $"Server {i} claims to lead without a majority.");
    }

    /// <summary>The term that all connected servers are in.</summary>
    internal long CheckTerms()
    {
        long term = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!IsConnected(i)) continue;
            long own = Core(i)!.Term.Value;
            LabRun.Require(term == 0 || own == term, $"Server {i} is in term {own}, another in term {term}.");
            term = own;
        }

        return term;
    }

    internal bool AllAreIn(long term)
    {
        for (int i = 0; i < Count; i++)
            if (Core(i)?.Term.Value != term) return false;
        return true;
    }

    /// <summary>The server that leads in the latest term, or -1.</summary>
    internal int Leader
    {
        get
        {
            int leader = -1;
            for (int i = 0; i < Count; i++)
                if (Leads(i) && (leader < 0 || Core(i)!.Term > Core(leader)!.Term)) leader = i;
            return leader;
        }
    }

    /// <summary>Connects some servers with each other, and nobody else.</summary>
    internal void ConnectOnly(params int[] servers)
    {
        for (int i = 0; i < Count; i++) Disconnect(i);
        foreach (int server in servers) Connect(server);
    }

    /// <summary>A packet's Raft message, for scripts.</summary>
    internal RaftMessage Read(in Packet packet) => LabNetwork.Read(packet, Options.ClusterId, Group);

    /// <summary>Has a message arrive at a server now: a late one, or a second copy.</summary>
    /// <returns>The server's answer.</returns>
    internal async Task<RaftMessage> Deliver(int server, RaftMessage message)
    {
        byte[] frame = MessageCodec.Encode(Options.ClusterId, Group, message);
        byte[] answer = await Node(server).Raft!.HandleAsync(Group.Name, frame);
        MessageCodec.TryDecode(Options.ClusterId, Group, answer, out RaftMessage? reply);
        return reply!;
    }

    private Started? Find(int server, ReadOnlyMemory<byte> command)
    {
        RaftCore core = Core(server)!;
        RaftLog log = core.Log;
        LogIndex at = log.LastIndex;
        while (at > log.BaseIndex && !log[at].Payload.Equals(command)) at = at.Previous;
        if (at == log.BaseIndex) return null;
        int index = _machines[server]!.Count;
        for (LogIndex i = core.Applied.Next; i <= at; i = i.Next)
            if (log[i].Kind == EntryKind.Command) index++;
        return new Started(true, index, log[at].Term.Value);
    }
}
