using System.Globalization;
using System.Text;
using Quorleans.KeyValue;
using Quorleans.Raft;
using Xunit;

namespace Quorleans.Clerk.Tests.World;

/// <summary>
/// Several replica groups with a shard controller. Shards move all the time: frozen by an entry of the source, activated by one of the destination, no
/// earlier in log time, and told to the controller some time later. Groups leave, and join again under their number, on other nodes.
/// </summary>
internal sealed class FakeShardedCluster : IFakeCluster, IFakeMachine
{
    private const int MaxGid = 4;
    private readonly VirtualTime _time;
    private readonly Random _random;
    private readonly ShardFunction _function;
    private readonly FakeGroup _controller;
    private readonly SortedDictionary<int, Member> _members = [];
    private readonly (int Owner, long Epoch)[] _places;
    private readonly bool[] _moving;
    private readonly List<FakeShards> _machines = [];
    private int _leaving;
    private long _revision = 1;
    private int _made;

    public FakeShardedCluster(VirtualTime time, Random random, ShardFunction function)
    {
        (_time, _random, _function) = (time, random, function);
        _controller = new FakeGroup(time, random, this, "n1", "n2", "n3");
        _places = new (int, long)[function.ShardCount];
        _moving = new bool[function.ShardCount];
        Array.Fill(_places, (1, 1));
        Member first = Join(1, ["n1", "n2", "n3"]);
        for (int i = 0; i < _places.Length; i++) first.Shards.Activate(i, new FakeShard());
    }

    public bool Healed { get; private set; }

    public bool SessionsAreLost { get; set; }

    public bool ScansLie { get; set; }

    public int Moves { get; private set; }

    public int Departures { get; private set; }

    public int Refusals => _machines.Sum(static machine => machine.Refusals);

    /// <summary>Begins to disturb everything.</summary>
    public void Disturb()
    {
        _controller.Disturb();
        for (int gid = 2; gid <= 3; gid++) JoinElsewhere(gid);
        MoveAll();
        Reconcile();
    }

    public void Heal()
    {
        Healed = true;
        _controller.Heal();
        foreach (Member member in _members.Values) member.Group.Heal();
    }

    /// <summary>A group without a majority for ever.</summary>
    public void Kill(int gid) => _members[gid].Group.Die();

    public Member JoinElsewhere(int gid)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"m{gid}{(char)('a' + _made % 26)}");
        return Join(gid, [name + "1", name + "2", name + "3"]);
    }

    public void Handle(string target, bool isQuery, byte[] payload, Action<ClerkReply> answer)
    {
        string group = target[..target.IndexOf('/', StringComparison.Ordinal)];
        if (group == "ctl") _controller.Handle(target, isQuery, payload, answer);
        else if (_members.TryGetValue(int.Parse(group[1..], CultureInfo.InvariantCulture), out Member? member))
            member.Group.Handle(target, isQuery, payload, answer);
        else answer(new ClerkReply(ReplyStatus.Unavailable, default, Error: "no such group"));
    }

    public string Value(string key)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        int shard = _function.Of(bytes).Value;
        foreach (Member member in _members.Values)
        {
            if (member.Shards.Serves(shard))
                return Encoding.UTF8.GetString(member.Shards.Content(shard).Query(ReadOperation.Get(bytes)).Value.Span);
        }

        throw new InvalidOperationException($"shard {shard} is nowhere: its move never ended");
    }

    /// <summary>Moves one shard, step by step, each as often as it takes.</summary>
    public void Move(int shard, int to)
    {
        (int from, long epoch) = _places[shard];
        if (_moving[shard] || from == to || !_members.ContainsKey(to)) return;
        _moving[shard] = true;
        Moves++;
        Freeze(shard, from, to, epoch + 1);
    }

    string? IFakeMachine.Validate(byte[] payload, bool isQuery) => isQuery ? ControllerCodec.TryRead(payload, out ControllerQuery? _).Message : "no command";

    ReadOnlyMemory<byte> IFakeMachine.Query(byte[] payload)
    {
        ControllerCodec.TryRead(payload, out ControllerQuery? query);
        long known = Assert.IsType<MapQuery>(query).KnownRevision;
        return ControllerCodec.Encode(new MapAnswer(_revision, known >= _revision ? null : Map()));
    }

    ReadOnlyMemory<byte> IFakeMachine.Apply(byte[] payload, LogTime stamp) => throw new InvalidOperationException();

    private ShardMap Map() => new(
        _revision, _revision,
        [.. _places.Select(static place => new ShardPlace(place.Owner, place.Epoch, place.Owner, 0, 0))],
        [.. _members.Select(static pair => new GroupPlace(
            pair.Key, pair.Value.Incarnation, GroupPhase.Active, 0, [.. pair.Value.Nodes.Select(static node => new ControllerNode(node, Guid.Empty))]))],
        [], []);

    private Member Join(int gid, string[] nodes)
    {
        FakeShards shards = new(_function, _random) { ScansLie = ScansLie };
        _machines.Add(shards);
        FakeGroup group = new(_time, _random, shards, nodes) { Trouble = 40 };
        Member member = new(++_made, group, shards, nodes);
        _members.Add(gid, member);
        _revision++;
        if (gid > 1) group.Disturb();
        return member;
    }

    private void MoveAll() => _time.After(_random.Next(20, 200), () =>
    {
        if (Healed) return;
        if (_random.Next(25) == 0) ChangeGroups();
        int[] targets = [.. _members.Keys.Where(gid => gid != _leaving)];
        Move(_random.Next(_places.Length), targets[_random.Next(targets.Length)]);
        if (_leaving != 0) Evacuate(targets);
        MoveAll();
    });

    private void ChangeGroups()
    {
        int gid = _random.Next(1, MaxGid + 1);
        if (!_members.ContainsKey(gid)) JoinElsewhere(gid);
        else if (_leaving == 0 && _members.Count > 2) _leaving = gid;
    }

    private void Evacuate(int[] targets)
    {
        bool needed = false;
        for (int shard = 0; shard < _places.Length; shard++)
        {
            needed |= _places[shard].Owner == _leaving || _moving[shard];
            if (_places[shard].Owner == _leaving) Move(shard, targets[_random.Next(targets.Length)]);
        }

        if (needed) return;
        Assert.False(_members[_leaving].Shards.ServesAny);
        _members.Remove(_leaving);
        _revision++;
        _leaving = 0;
        Departures++;
    }

    private void Freeze(int shard, int from, int to, long epoch)
    {
        if (!_members.TryGetValue(from, out Member? source) || !source.Shards.Serves(shard) || _places[shard].Epoch >= epoch) return;
        source.Group.Propose(stamp =>
        {
            if (!source.Shards.Serves(shard) || _places[shard].Epoch >= epoch) return;
            FakeShard content = source.Shards.Freeze(shard, to, epoch);
            _time.After(_random.Next(10) == 0 ? _random.Next(2_500) : _random.Next(20), () => Activate(shard, from, to, epoch, content, stamp));
        });
        _time.After(_random.Next(20, 60), () => Freeze(shard, from, to, epoch));
    }

    private void Activate(int shard, int from, int to, long epoch, FakeShard content, long frozenAtMs)
    {
        if (_places[shard].Epoch >= epoch) return;
        Member destination = _members[to];
        if (destination.Shards.Serves(shard)) return;
        destination.Group.Propose(
            stamp =>
            {
                if (destination.Shards.Serves(shard) || _places[shard].Epoch >= epoch) return;
                Assert.True(stamp >= frozenAtMs);
                if (SessionsAreLost) content.ForgetSessions(new LogTime(stamp));
                destination.Shards.Activate(shard, content);
                _time.After(_random.Next(60), () => Commit(shard, from, to, epoch));
            },
            frozenAtMs);
        _time.After(_random.Next(20, 60), () => Activate(shard, from, to, epoch, content, frozenAtMs));
    }

    private void Commit(int shard, int from, int to, long epoch)
    {
        _places[shard] = (to, epoch);
        _moving[shard] = false;
        _revision++;
        _time.After(_random.Next(100), () =>
        {
            if (_members.TryGetValue(from, out Member? source)) source.Shards.Release(shard);
        });
    }

    private void Reconcile() => _time.After(100, () =>
    {
        foreach (Member member in _members.Values) member.Group.RaiseTime(_controller.LogTimeMs());
        Reconcile();
    });

    internal sealed record Member(long Incarnation, FakeGroup Group, FakeShards Shards, string[] Nodes);
}
