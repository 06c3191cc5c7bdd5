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

    internal VirtualTrio(RaftOptions? raft = null)
    {
        Raft = raft ?? new RaftOptions();
        Membership membership = Membership.Initial(Names.Select(name => (name, Guid.NewGuid())));
        foreach (Member member in membership.Voters)
        {
            Place place = new() { Disk = new SimulatedDisk(member.Id.Value), Scheduler = new ManualNodeScheduler() };
            RaftNodeOptions options = new()
            {
                ClusterId = _cluster, Node = member.Node, NodeId = member.NodeId, Raft = Raft, LogSegmentBytes = 256 << 10, Time = _time,
                NextSeed = () => (ulong)member.Id.Value,
            };
            place.Node = RaftNode.Start(options, place.Disk, new Transport(this), _ => new ListMachine(), NullLogger.Instance, place.Scheduler);
            _places.Add(member.Node, place);
            Task created = place.Node.CreateGroupAsync(new GroupId(Group, 1), member.Id, membership, new ListMachine());
            Settle();
            if (!created.IsCompletedSuccessfully) throw new InvalidOperationException("The group was not created.");
        }
    }

    internal static string[] Names => ["n1", "n2", "n3"];

    internal RaftOptions Raft { get; }

    /// <summary>Nodes whose disk answers nothing at present.</summary>
    internal HashSet<string> Hung { get; } = [];

    internal RaftNode this[string name] => _places[name].Node;

    internal SimulatedDisk Disk(string name) => _places[name].Disk;

    internal ReplicaState State(string name)
    {
        Task<ReplicaState?> state = _places[name].Node.GetStateAsync(Group);
        Settle();
        return state.Result!;
    }

    internal string? Leader() => Names.Select(name => (Name: name, State: State(name))).Where(node => node.State.Role == RaftRole.Leader)
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
                any |= place.Scheduler.Log.RunBatch() | place.Scheduler.Log.RunAside() | place.Scheduler.RunAside();
            }
        }
    }

    private sealed class Place
    {
        internal required SimulatedDisk Disk { get; init; }

        internal required ManualNodeScheduler Scheduler { get; init; }

        internal RaftNode Node { get; set; } = null!;
    }

    private sealed class Transport(VirtualTrio trio) : IRaftTransport
    {
        public Task<byte[]> SendAsync(GroupId group, Member to, MessageKind kind, byte[] frame) =>
            trio._places.TryGetValue(to.Node, out Place? place) ? place.Node.HandleAsync(group.Name, frame) : throw new IOException("not up yet");
    }
}
