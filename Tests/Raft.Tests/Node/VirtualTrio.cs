using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft.Node;
using Quorleans.Simulation;

namespace Quorleans.Raft.Tests.Node;

/// <summary>Three real nodes on simulated disks in virtual time, on the test's own thread: messages take none, a tick is ten milliseconds.</summary>
internal sealed class VirtualTrio
{
    internal const string Group = "g1";
    private readonly FakeTimeProvider _time = new();
    private readonly SortedDictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly Guid _cluster = Guid.NewGuid();
    private readonly Func<RaftNodeOptions, RaftNodeOptions> _configure;

    internal VirtualTrio(RaftOptions? raft = null, int spares = 0, string? late = null, int groups = 1, Func<RaftNodeOptions, RaftNodeOptions>? configure = null)
    {
        Raft = raft ?? new RaftOptions();
        _configure = configure ?? (static options => options);
        Membership membership = Membership.Initial(Names.Select(name => (name, Guid.NewGuid())));
        foreach (Member member in membership.Voters)
        {
            Start(member.Node, new SimulatedDisk(member.Id.Value), member.NodeId);
            if (member.Node == late) continue; // it was down, and nobody will make its replica but the group's leader
            for (int i = 1; i <= groups; i++)
            {
                Task created = Create(member.Node, member.Id, membership, $"g{i}");
                if (!created.IsCompletedSuccessfully) throw new InvalidOperationException("The group was not created.");
            }
        }

        for (int i = 1; i <= spares; i++) Start($"n{Names.Length + i}", new SimulatedDisk(Names.Length + i), Guid.NewGuid());
    }

    /// <summary>Starts a node with what a disk holds.</summary>
    internal void Start(string name, SimulatedDisk disk, Guid nodeId)
    {
        Place place = new() { Disk = disk, Scheduler = new ManualNodeScheduler(), NodeId = nodeId };
        ulong seed = (ulong)name[1] * 1000;
        RaftNodeOptions options = new()
        {
            ClusterId = _cluster, Node = name, NodeId = nodeId, Raft = Raft, LogSegmentBytes = 256 << 10, Time = _time, NextSeed = () => ++seed,
        };
        place.Node = RaftNode.Start(_configure(options), disk, new Transport(this), _ => place.Machine = new ListMachine(), NullLogger.Instance, place.Scheduler);
        _places.Add(name, place);
        Settle();
    }

    internal Task Create(string name, MemberId self, Membership initial, string group = Group)
    {
        Task created = _places[name].Node.CreateGroupAsync(new GroupId(group, 1), self, initial, _places[name].Machine = new ListMachine());
        Settle();
        return created;
    }

    /// <summary>Ends a node as a crash would.</summary>
    internal void Crash(string name)
    {
        _places[name].Node.Kill("crashed");
        Settle();
        _places.Remove(name);
    }

    internal Guid NodeId(string name) => _places[name].NodeId;

    internal ListMachine Machine(string name) => _places[name].Machine!;

    internal MembershipOutcome? Change(string name, MembershipChange change)
    {
        Task<MembershipOutcome> outcome = _places[name].Node.ChangeMembershipAsync(Group, change);
        for (int i = 0; i < 100 && !outcome.IsCompleted; i++) Tick();
        return outcome.IsCompleted ? outcome.Result : null;
    }

    internal static string[] Names => ["n1", "n2", "n3"];

    internal RaftOptions Raft { get; }

    /// <summary>Nodes whose disk answers nothing at present.</summary>
    internal HashSet<string> Hung { get; } = [];

    /// <summary>Nodes whose snapshots take for ever at present; their log does not.</summary>
    internal HashSet<string> WithoutSnapshots { get; } = [];

    /// <summary>Bytes of the requests with entries that were carried to each node.</summary>
    internal SortedDictionary<string, long> CarriedBytes { get; } = new(StringComparer.Ordinal);

    /// <summary>The AppendEntries messages that were carried, each as its receiver and the groups of its requests, such as <c>n2: g1 g3</c>.</summary>
    internal List<string> Carried { get; } = [];

    /// <summary>Loses messages; given the receiver and how many requests it carries.</summary>
    internal Func<string, int, bool>? Loses { get; set; }

    /// <summary>Whose AppendEntries are refused when they come with others; and lost when they come alone.</summary>
    internal string? LosesFrameOf { get; set; }

    internal Guid Cluster => _cluster;

    internal RaftNode this[string name] => _places[name].Node;

    internal SimulatedDisk Disk(string name) => _places[name].Disk;

    internal ReplicaState State(string name, string group = Group)
    {
        Task<ReplicaState?> state = _places[name].Node.GetStateAsync(group);
        Settle();
        return state.Result!;
    }

    internal string? Leader() => _places.Keys.ToArray().Select(name => (Name: name, State: State(name))).Where(node => node.State?.Role == RaftRole.Leader)
        .OrderByDescending(node => node.State.Term).Select(node => node.Name).FirstOrDefault();

    internal string AwaitLeader()
    {
        for (int i = 0; i < 1000; i++)
        {
            if (Leader() is { } leader) return leader;
            Tick();
        }

        throw new InvalidOperationException("No leader within 1000 ticks.");
    }

    internal Task<Outcome> Propose(string name, params byte[] payload)
    {
        Task<Outcome> outcome = _places[name].Node.ProposeAsync(Group, 1, payload);
        Settle();
        return outcome;
    }

    /// <summary>What became of a proposal; null while nobody knows.</summary>
    internal static OutcomeStatus? StatusOf(Task<Outcome> outcome) => outcome.IsCompleted ? outcome.Result.Status : null;

    /// <summary>What became of something; it is over.</summary>
    internal static T ResultOf<T>(Task<T> task) => task.IsCompleted ? task.Result : throw new InvalidOperationException("It is not over yet.");

    internal void Tick(int count = 1)
    {
        for (; count > 0; count--)
        {
            _time.Advance(TimeSpan.FromMilliseconds(Raft.TickMilliseconds));
            Settle();
        }
    }

    /// <summary>Lets everybody do what there is to do without time passing.</summary>
    internal void Settle()
    {
        bool any = true;
        while (any)
        {
            any = false;
            foreach ((string name, Place place) in _places)
            {
                any |= place.Scheduler.RunLoop();
                if (Hung.Contains(name)) continue;
                any |= place.Scheduler.Log.RunBatch() | place.Scheduler.Log.RunAside();
                if (!WithoutSnapshots.Contains(name)) any |= place.Scheduler.RunAside();
            }
        }
    }

    private sealed class Place
    {
        internal required SimulatedDisk Disk { get; init; }

        internal required ManualNodeScheduler Scheduler { get; init; }

        internal required Guid NodeId { get; init; }

        internal ListMachine? Machine { get; set; }

        internal RaftNode Node { get; set; } = null!;
    }

    private sealed class Transport(VirtualTrio trio) : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame)
        {
            RaftNode receiver = Find(to.Node, 1);
            if (kind == MessageKind.AppendEntries && group.Name == trio.LosesFrameOf) throw new IOException("lost");
            if (kind == MessageKind.AppendEntries) trio.Carried.Add($"{to.Node}: {group.Name}");
            trio.CarriedBytes[to.Node] = trio.CarriedBytes.GetValueOrDefault(to.Node) + frame.Length;
            return receiver.HandleAsync(group.Name, frame);
        }

        public Task<byte[][]> SendTogetherAsync(string node, GroupFrame[] frames)
        {
            RaftNode receiver = Find(node, frames.Length);
            trio.Carried.Add($"{node}: {string.Join(' ', frames.Select(static frame => frame.Group.Name))}");
            return receiver.HandleTogetherAsync(Array.ConvertAll(frames, frame => frame.Group.Name == trio.LosesFrameOf ? [] : frame.Bytes));
        }

        private RaftNode Find(string node, int count) =>
            trio._places.TryGetValue(node, out Place? place) && trio.Loses?.Invoke(node, count) != true ? place.Node : throw new IOException("not up");
    }
}
