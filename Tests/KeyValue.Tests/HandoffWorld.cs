using Quorleans.KeyValue.Handoff;

namespace Quorleans.KeyValue.Tests;

/// <summary>
/// Groups of two replicas each with a committed log and a driver, a controller as simple as can be, and one bag of messages from which anything may be
/// delivered at any time, twice, or never. After every step the invariants hold (<see cref="Check"/>).
/// </summary>
internal sealed class HandoffWorld
{
    public static readonly ShardFunction Shards = ShardFunction.FirstByteModulo(3);
    public static readonly KeyValueLimits Limits = KeyValueLimits.Default with { MaxValueBytes = 2000 };

    private static readonly HandoffLimits Sizes = new()
    {
        ChunkBytes = 150, DeltaBytes = 80, FinalBytes = 120, FreezeLagOperations = 4, FreezeLagBytes = 300, BufferBytes = 1500,
    };

    private readonly List<(int Group, HandoffEffect Effect, PullAnswer? Answer)> _bag = [];
    private readonly Dictionary<(int Shard, long Epoch), int> _owners = [];
    private readonly Dictionary<(int Group, long Move), UInt128> _frozen = [];
    private readonly List<ControllerView> _views = [];
    private readonly MoveOrder?[] _orders = new MoveOrder?[Shards.ShardCount];
    private readonly (int Owner, long Epoch)[] _map = new (int, long)[Shards.ShardCount];
    private long _controllerIndex = 1;

    public HandoffWorld()
    {
        for (int i = 0; i < 3; i++) Groups.Add(new Group(i, Sizes));
        Array.Fill(_map, (0, 1));
        Publish();
    }

    public List<Group> Groups { get; } = [];

    public long Now { get; set; } = 1000;

    public int Committed { get; private set; }

    public int Aborted { get; private set; }

    public bool IsSettled => _orders.All(order => order is null);

    public int OwnerOf(int shard) => _map[shard].Owner;

    /// <summary>Plans a move, unless one is under way.</summary>
    public void Plan(int shard, int to)
    {
        (int owner, long epoch) = _map[shard];
        if (_orders[shard] is not null || owner == to) return;
        _orders[shard] = new MoveOrder(new ShardMove(++_controllerIndex, new ShardId(shard), Groups[owner].Self, Groups[to].Self, epoch + 1));
        Publish();
    }

    public void WantAbort(int shard)
    {
        if (_orders[shard] is not { } order) return;
        _orders[shard] = order with { AbortWanted = true };
        _controllerIndex++;
        Publish();
    }

    /// <summary>Lets a group's driver look around.</summary>
    /// <param name="group">Which group.</param>
    /// <param name="viewsBack">How many configurations old its view is.</param>
    public void Step(int group, int viewsBack)
    {
        var effects = new List<HandoffEffect>();
        ControllerView view = _views[Math.Max(0, _views.Count - 1 - viewsBack)];
        Groups[group].Driver.Step(Now, isLeader: true, Groups[group].Leader.Machine.DescribeMoves(), view, effects);
        foreach (HandoffEffect effect in effects) _bag.Add((group, effect, null));
    }

    /// <summary>Delivers something from the bag.</summary>
    /// <param name="pick">Which.</param>
    /// <param name="keep">Whether a copy stays there.</param>
    public void Deliver(int pick, bool keep)
    {
        if (_bag.Count == 0) return;
        int index = pick % _bag.Count;
        (int group, HandoffEffect effect, PullAnswer? answer) = _bag[index];
        if (!keep) _bag.RemoveAt(index);
        if (answer is { } known)
        {
            var effects = new List<HandoffEffect>();
            Groups[group].Driver.Answered(Now, known, effects);
            foreach (HandoffEffect next in effects) _bag.Add((group, next, null));
            return;
        }

        Do(group, effect);
    }

    public void Lose(int pick)
    {
        if (_bag.Count > 0) _bag.RemoveAt(pick % _bag.Count);
    }

    /// <summary>Ends the faults, and lets everything come to an end.</summary>
    public void Settle()
    {
        foreach (Group group in Groups) group.Restart();
        for (int round = 0; !IsQuiet(); round++)
        {
            Assert.True(round < 3000, $"The moves do not end: {Describe()}");
            Now += 20;
            for (int group = 0; group < Groups.Count; group++) Step(group, 0);
            while (_bag.Count > 0) Deliver(0, keep: false);
            Check();
        }
    }

    /// <summary>The invariants of sharding (reference: one owner, epochs increase, a frozen shard does not change, replicas agree).</summary>
    public void Check()
    {
        for (int shard = 0; shard < Shards.ShardCount; shard++)
        {
            int serving = 0;
            foreach (Group group in Groups)
            {
                ShardStatus status = group.Leader.Machine.DescribeShard(new ShardId(shard));
                if (status.Phase is ShardPhase.Serving or ShardPhase.Exporting)
                {
                    serving++;
                    Assert.True(_owners.TryAdd((shard, status.Epoch), group.Number) || _owners[(shard, status.Epoch)] == group.Number, "two owners at one epoch");
                    Assert.DoesNotContain(_owners.Keys, key => key.Shard == shard && key.Epoch > status.Epoch);
                }

                if (status.Phase != ShardPhase.Frozen) continue;
                if (!_frozen.TryAdd((group.Number, status.Move.Id), status.Seal)) Assert.Equal(_frozen[(group.Number, status.Move.Id)], status.Seal);
            }

            Assert.InRange(serving, 0, 1);
        }
    }

    /// <summary>Nothing is left of a shard but at its owner.</summary>
    public void CheckNoOrphans()
    {
        foreach (Group group in Groups)
        {
            foreach (ShardStatus status in group.Leader.Machine.DescribeShards())
            {
                bool isOwner = OwnerOf(status.Shard.Value) == group.Number;
                Assert.Equal(isOwner, status.Phase == ShardPhase.Serving);
                if (!isOwner) Assert.Equal(((int)status.Keys, status.Bytes, ImportStage.None), (0, 0L, status.Stage));
            }
        }
    }

    private bool IsQuiet()
    {
        bool over = IsSettled;
        foreach (Group group in Groups)
        {
            foreach (ShardStatus status in group.Leader.Machine.DescribeShards())
                over &= status.Phase is ShardPhase.Serving or ShardPhase.Absent or ShardPhase.Released;
        }

        return over;
    }

    private string Describe() => string.Join("; ", Groups.SelectMany(group => group.Leader.Machine.DescribeShards().Select(status => $"{group.Self} {status}")));

    private void Do(int group, HandoffEffect effect)
    {
        switch (effect.Kind)
        {
            case HandoffEffectKind.Propose:
                Groups[group].Commit(effect.Payload.ToArray(), Math.Max(effect.NotBeforeMs, Now / 3 * (group + 1)), wantResult: false);
                break;
            case HandoffEffectKind.Pull:
                Group peer = Groups.Single(candidate => candidate.Self == effect.Peer);
                Assert.False(PullAnswer.Read(peer.Leader.Machine.Query(effect.Payload), out PullAnswer answer).IsError);
                _bag.Add((group, effect, answer));
                break;
            case HandoffEffectKind.Poke:
                Groups.Single(candidate => candidate.Self == effect.Peer).Driver.Poked(effect.Move.Id, effect.Move.Shard);
                break;
            case HandoffEffectKind.ReportCommitted or HandoffEffectKind.ReportAborted:
                End(effect.Move, effect.Kind == HandoffEffectKind.ReportCommitted);
                break;
        }
    }

    private void End(ShardMove move, bool isCommitted)
    {
        int shard = move.Shard.Value;
        if (_orders[shard]?.Move.Id != move.Id) return;
        if (isCommitted) _map[shard] = (move.To.Gid - 1, move.Epoch);
        _orders[shard] = null;
        _controllerIndex++;
        if (isCommitted) Committed++;
        else Aborted++;
        Publish();
    }

    private void Publish() =>
        _views.Add(new ControllerView(_controllerIndex, [.. _orders.Where(order => order is not null).Select(order => order!.Value)], [.. _map.Select(entry => entry.Epoch)]));

    /// <summary>A replica group: what is committed, two replicas of which one leads, and the leader's driver.</summary>
    internal sealed class Group
    {
        private readonly List<(byte[] Payload, long Time)> _log = [];
        private readonly TestStore[] _replicas;
        private readonly int[] _applied = new int[2];
        private int _leader;

        public Group(int number, HandoffLimits sizes)
        {
            Number = number;
            Self = new GroupRef(number + 1, number + 1);
            _replicas = [New(), New()];
            Driver = NewDriver();

            TestStore New() => new(Limits, Shards, Self, ownsAll: number == 0, sizes);
        }

        public int Number { get; }

        public GroupRef Self { get; }

        public HandoffDriver Driver { get; private set; }

        public TestStore Leader => _replicas[_leader];

        public ReadOnlyMemory<byte> Commit(byte[] payload, long time, bool wantResult)
        {
            Assert.Null(Leader.Machine.Validate(payload, isQuery: false));
            if (_log.Count > 0) time = Math.Max(time, _log[^1].Time);
            _log.Add((payload, time));
            return Apply(_leader, wantResult);
        }

        /// <summary>Another replica leads: it has applied all, but may have lost its view, and its driver knows nothing.</summary>
        public void ChangeLeader()
        {
            CatchUp(1 - _leader);
            Assert.Equal(Leader.Machine.Digest, _replicas[1 - _leader].Machine.Digest);
            _leader = 1 - _leader;
            Driver = NewDriver();
        }

        public void CatchUp() => CatchUp(1 - _leader);

        /// <summary>The leader loses what is volatile, and begins from its snapshot.</summary>
        public void Restart()
        {
            UInt128 before = Leader.Machine.Digest;
            Leader.RestoreFrom(Leader.Snapshot());
            Assert.Equal(before, Leader.Machine.Digest);
            Driver = NewDriver();
        }

        private void CatchUp(int replica)
        {
            while (_applied[replica] < _log.Count) Apply(replica, wantResult: false);
        }

        private ReadOnlyMemory<byte> Apply(int replica, bool wantResult)
        {
            (byte[] payload, long time) = _log[_applied[replica]++];
            _replicas[replica].Now = time;
            return _replicas[replica].ApplyPayload(payload, wantResult);
        }

        private HandoffDriver NewDriver() => new(Self, HandoffDriverOptions.Default with { Limits = Sizes });
    }
}
