using Quorleans.Raft;

namespace Quorleans.KeyValue.Controller.Tests;

/// <summary>
/// Three replicas of a controller with one log, spoken to through the codecs. A replica can be down; it catches up from the log or from a snapshot. After
/// every entry all invariants are checked, and that the replicas that are up agree.
/// </summary>
internal sealed class TestController
{
    private readonly ControllerOptions _options;
    private readonly List<LogEntry> _log = [];
    private readonly int[] _applied = new int[3];
    private readonly bool[] _down = new bool[3];
    private long _sequence;

    public TestController(ControllerOptions options)
    {
        _options = options;
        Replicas = [New(), New(), New()];
        Invariants.Check(Machine);
    }

    public ControllerStateMachine[] Replicas { get; }

    /// <summary>A replica that is up.</summary>
    public ControllerStateMachine Machine => Replicas[Array.IndexOf(_down, false)];

    public ShardMap Map => Machine.Map;

    public long Now { get; set; } = 1000;

    public long LastIndex => _log.Count + 1;

    /// <summary>As the labs have it: 10 shards, nobody owns one, any node will do.</summary>
    public static TestController Labs(int shards = 10, ControllerLimits? limits = null) => new(new ControllerOptions
    {
        ShardCount = shards, MayBeEmpty = true, AnyNode = true, Limits = limits ?? ControllerLimits.Default,
    });

    /// <summary>As a cluster begins: three nodes, group 1 on them, 64 shards, or as many as are asked for.</summary>
    public static TestController Cluster(int shards = 64, ControllerLimits? limits = null) => new(new ControllerOptions
    {
        ShardCount = shards, Nodes = [Node(1), Node(2), Node(3), Node(4)], Groups = [Group(1, "n1", "n2", "n3")],
        Limits = limits ?? ControllerLimits.Default,
    });

    public static ControllerNode Node(int number) => new($"n{number}", new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));

    public static JoiningGroup Group(int gid, params string[] nodes) => new(gid, [.. nodes]);

    /// <summary>A client's command in a session of its own client.</summary>
    public ControllerResult Send(ControllerCommand command) => Send(new CommandSession(new ClientId(1), ++_sequence, _sequence - 1), command);

    public ControllerResult Send(CommandSession session, ControllerCommand command) => Apply(ControllerCodec.Encode(session, command));

    public ControllerResult Report(ControllerCommand command) => Apply(ControllerCodec.Encode(command));

    public ControllerResult Join(params JoiningGroup[] groups) => Send(ControllerCommand.Join(groups));

    public ControllerResult Join(int gid) => Join(Group(gid, "n1", "n2", "n3"));

    public ControllerResult Leave(params int[] gids) => Send(ControllerCommand.Leave(gids));

    public ControllerResult Move(int shard, int gid) => Send(new MoveCommand(new ShardId(shard), gid));

    public ControllerResult Commit(int shard) => Report(new MoveOverCommand(new ShardId(shard), Map.Shards[shard].Move, true));

    public ControllerResult Abort(int shard) => Report(new MoveOverCommand(new ShardId(shard), Map.Shards[shard].Move, false));

    /// <summary>Lets every move that is on its way, and those that it brings about, be committed.</summary>
    public void CommitAll()
    {
        for (bool any = true; any;)
        {
            any = false;
            for (int shard = 0; shard < Map.Shards.Length; shard++)
            {
                if (!Map.Shards[shard].IsMoving) continue;
                any = true;
                Assert.Equal(ControllerStatus.Ok, Commit(shard).Status);
            }
        }
    }

    public ShardConfiguration Query(long number = -1)
    {
        ConfigurationAnswer answer = Ask(new ConfigurationQuery(number));
        Assert.NotNull(answer.Configuration);
        return answer.Configuration;
    }

    public ConfigurationAnswer Ask(ConfigurationQuery query) => Assert.IsType<ConfigurationAnswer>(AskAny(query));

    public PlanAnswer Plan(ControllerCommand command) => Assert.IsType<PlanAnswer>(AskAny(new PlanQuery(command)));

    public MapAnswer AskMap(long known = -1) => Assert.IsType<MapAnswer>(AskAny(new MapQuery(known)));

    /// <summary>Ends a replica; it forgets all.</summary>
    public void Stop(int replica) => _down[replica] = true;

    /// <summary>Starts it again, from the log, or from another replica's snapshot.</summary>
    public void Start(int replica, bool fromSnapshot = false)
    {
        Replicas[replica] = fromSnapshot ? Restored(Snapshot(Machine)) : New();
        _applied[replica] = fromSnapshot ? _applied[Array.IndexOf(_down, false)] : 0;
        _down[replica] = false;
        CatchUp();
    }

    public ControllerStateMachine Restored(byte[] snapshot)
    {
        ControllerStateMachine machine = New();
        machine.Install(machine.Load(new MemoryStream(snapshot), CancellationToken.None));
        return machine;
    }

    public static byte[] Snapshot(ControllerStateMachine machine)
    {
        using ISnapshotView view = machine.Capture();
        using var stream = new MemoryStream();
        view.WriteTo(stream, CancellationToken.None);
        return stream.ToArray();
    }

    public ControllerResult Apply(byte[] payload)
    {
        Assert.Null(Machine.Validate(payload, isQuery: false));
        _log.Add(new LogEntry(new LogIndex(_log.Count + 2), new Term(1), EntryKind.Command, new LogTime(Now), payload));
        ShardMap before = Map;
        byte[]? reply = CatchUp();
        Invariants.Check(Machine);
        Invariants.CheckStep(before, Map);
        Assert.False(ControllerCodec.TryRead(reply, out ControllerResult result).IsError);
        return result;
    }

    private byte[]? CatchUp()
    {
        byte[]? reply = null;
        for (int i = 0; i < Replicas.Length; i++)
        {
            if (_down[i]) continue;
            for (; _applied[i] < _log.Count; _applied[i]++) reply = Replicas[i].Apply(_log[_applied[i]], wantResult: true).ToArray();
            Assert.Equal(Machine.Digest, Replicas[i].Digest);
        }

        return reply;
    }

    private ControllerAnswer AskAny(ControllerQuery query)
    {
        byte[] payload = ControllerCodec.Encode(query);
        Assert.Null(Machine.Validate(payload, isQuery: true));
        UInt128 digest = Machine.Digest;
        Assert.False(ControllerCodec.TryRead(Machine.Query(payload).Span, out ControllerAnswer? answer).IsError);
        Assert.Equal(digest, Machine.Digest);
        return answer!;
    }

    private ControllerStateMachine New() => new(_options);
}
