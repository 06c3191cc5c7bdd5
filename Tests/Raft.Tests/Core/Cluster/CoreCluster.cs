namespace Quorleans.Raft.Tests;

/// <summary>
/// A cluster of cores in one thread and in virtual milliseconds: whatever happens is an event in one queue, and all chance comes from one seed. The
/// properties are checked after every event. CoreCluster.Faults.cs holds what goes wrong, this file what goes on.
/// </summary>
internal sealed partial class CoreCluster : IMemberHost
{
    private readonly PriorityQueue<Event, (long At, long Number)> _queue = new();
    private readonly List<CoreMember> _members = [];
    private readonly List<string>? _trace;
    private SplitMix64 _random;
    private readonly FakeNetwork _network;
    private RunProfile _profile;
    private readonly Membership _initial;
    private long _number;
    private long _context;
    private bool _clients = true;

    private enum EventKind
    {
        Tick,
        Deliver,
        Lost,
        Turn,
        Write,
        Apply,
        Load,
        Client,
        Fault,
    }

    private readonly record struct Event(EventKind Kind, CoreMember? Member, int Life, RaftMessage? Message);

    /// <summary>Builds and starts a cluster.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="profile">How rough it is; drawn from the seed when null.</param>
    /// <param name="trace">Takes a line for each event, for a failing seed; null costs nothing.</param>
    internal CoreCluster(ulong seed, RunProfile? profile = null, List<string>? trace = null)
    {
        (_random, _trace) = (new SplitMix64(seed), trace);
        _profile = profile ?? RunProfile.Draw(ref _random);
        _network = new FakeNetwork(MaximumId);
        _pausedUntil = new long[MaximumId + 1];
        _initial = Build(_profile);
        Checker = new ClusterChecker(_members, MaximumId, _initial);
        for (int id = 1; id <= _profile.Voters + _profile.Learners; id++) Join();

        Push(EventKind.Client, null, 1 + _random.Next(50));
        Push(EventKind.Fault, null, 200 + _random.Next(_profile.FaultInterval));
    }

    internal ClusterChecker Checker { get; }

    internal IReadOnlyList<CoreMember> Members => _members;

    internal long Now { get; private set; }

    /// <summary>How many members learned that they were removed.</summary>
    internal int Removed { get; private set; }

    /// <summary>How many changes of configuration were begun.</summary>
    internal int Changes { get; private set; }

    internal long Events { get; private set; }

    /// <summary>A running hash over all that happened: two runs of a seed must agree on it.</summary>
    internal ulong TraceDigest { get; private set; }

    internal CoreMember? Leader
    {
        get
        {
            CoreMember? leader = null;
            foreach (CoreMember member in _members)
            {
                bool leads = member.Up && member.Core.Role == RaftRole.Leader;
                if (leads && (leader is null || member.Core.Term > leader.Core.Term)) leader = member;
            }

            return leader;
        }
    }

    /// <summary>Runs the next event.</summary>
    internal void RunOne()
    {
        (Event next, (Now, _)) = (Take(out (long, long) key), key);
        Events++;
        if (next.Member is { } member && (!member.Up || member.Life != next.Life)) return;
        if (next.Member is { } paused && _pausedUntil[paused.Id.Value] > Now)
        {
            Push(next, _pausedUntil[paused.Id.Value] - Now);
            return;
        }

        Note(next);
        Run(next);
        if (next.Member is not { Up: true } touched) return;
        Checker.Check(touched);
        if (!touched.Core.IsRemoved) return;
        _trace?.Add($"{Now,6} retire {touched.Id}");
        Removed++;
        touched.Retire();
    }

    private Event Take(out (long, long) key)
    {
        _queue.TryDequeue(out Event next, out key);
        return next;
    }

    private void Run(Event next)
    {
        switch (next.Kind)
        {
            case EventKind.Tick:
                next.Member!.Tick();
                Push(EventKind.Tick, next.Member, _drift[next.Member.Id.Value % _drift.Length]);
                break;
            case EventKind.Deliver:
                if (!_network.IsCut(next.Message!.From, next.Message.To)) next.Member!.Step(next.Message);
                break;
            case EventKind.Lost: ReportLost(next.Member!, next.Message!); break;
            case EventKind.Turn:
                if (next.Member!.HasTurnDue) next.Member.Turn();
                break;
            case EventKind.Write: next.Member!.CompleteWrite(1 + _random.Next(3)); break;
            case EventKind.Apply:
                next.Member!.Apply(1 + _random.Next(8));
                if (next.Member.HasApplyWork) ApplyReady(next.Member);
                break;
            case EventKind.Load: next.Member!.Load(); break;
            case EventKind.Client: RunClient(); break;
            default: RunFault(); break;
        }
    }

    private void RunClient()
    {
        if (!_clients) return;
        Push(EventKind.Client, null, 1 + _random.Next(2 * _profile.ClientInterval));
        CoreMember member = _members[_random.Next(_members.Count)];
        if (_random.Next(3) > 0) member = Leader ?? member;
        if (!member.Up || _pausedUntil[member.Id.Value] > Now) return;
        if (_random.Next(3) == 0) Read(member);
        else Propose(member);
        Checker.Check(member);
    }

    internal ProposeResult Propose(CoreMember member)
    {
        byte[] payload = new byte[8 + _random.Next(_profile.MaxPayload)];
        BitConverter.TryWriteBytes(payload, ++_context);
        ProposeResult result = member.Propose(payload);
        Checker.Proposed(member, result);
        return result;
    }

    internal long Read(CoreMember member)
    {
        Checker.ReadBegun(++_context);
        member.Read(_context);
        return _context;
    }

    private void Join()
    {
        CoreMember member = new(this, new MemberId(_members.Count + 1), _initial, _profile.Options, _profile.ChunkBytes);
        _members.Add(member);
        Start(member);
    }

    private void Start(CoreMember member)
    {
        member.Start(_random.Next());
        Checker.Check(member);
        Push(EventKind.Tick, member, 1 + _random.Next(10));
    }

    private void Push(EventKind kind, CoreMember? member, long delay, RaftMessage? message = null) =>
        Push(new Event(kind, member, member?.Life ?? 0, message), delay);

    private void Push(Event next, long delay) => _queue.Enqueue(next, (Now + delay, ++_number));

    private void Note(Event next)
    {
        ulong what = (ulong)Now * 31 + (ulong)next.Kind * 7 + (ulong)(next.Member?.Id.Value ?? 0);
        if (next.Member is { } member) what += (ulong)member.Core.Log.LastIndex.Value << 40 ^ (ulong)member.Core.Term.Value << 20;
        TraceDigest = new SplitMix64(TraceDigest ^ what).Next();
        _trace?.Add($"{Now,6} {next.Kind} {next.Member?.Id.ToString() ?? "-"} {next.Message}");
    }

    private static Membership Build(RunProfile profile)
    {
        List<(string, Guid)> nodes = [];
        for (int id = 1; id <= profile.Voters + profile.Learners; id++) nodes.Add(($"n{id}", new Guid(id, 0, 0, new byte[8])));
        Membership all = Membership.Initial(nodes);
        return all with { Voters = all.Voters[..profile.Voters], Learners = all.Voters[profile.Voters..] };
    }

    bool IMemberHost.DefersTurn(CoreMember member)
    {
        if (_random.Next(100) >= _profile.DeferPercent) return false;
        Push(EventKind.Turn, member, 1 + _random.Next(5));
        return true;
    }

    void IMemberHost.Taken(CoreMember member, RaftOutput output)
    {
        if (_trace is null || output.Token is not { } token) return;
        _trace.Add($"{Now,6}   {member.Id} writes {token} {output.Restore} {output.HardState} {output.AppendFrom}..{output.AppendTo}");
    }

    void IMemberHost.Send(CoreMember member, RaftMessage message)
    {
        ClusterChecker.CheckSent(member, message);
        // A core has no timer for a read that it forwarded: its driver tells it when the answer stays away.
        if (message.Kind == MessageKind.ReadIndex) Push(EventKind.Lost, member, 300, message);
        // As a driver does: the member's replica is made when its id is committed, and not before: until then it could be given to another.
        while (message.To.Value > _members.Count && member.Core.Membership.Index <= member.Core.Commit) Join();
        if (message.To.Value > _members.Count)
        {
            Push(EventKind.Lost, member, _random.Next(100), message);
            return;
        }

        bool cut = _network.IsCut(message.From, message.To);
        if (cut || _random.Next(100) < _profile.LossPercent)
        {
            // Some transports notice that a request was not delivered, some do not.
            if (cut && IsRequest(message.Kind) && _random.Next(2) == 0) Push(EventKind.Lost, member, _random.Next(100), message);
            return;
        }

        CoreMember to = _members[message.To.Value - 1];
        Push(EventKind.Deliver, to, 1 + _random.Next(_profile.MaxDelay), message);
        if (_random.Next(100) < _profile.DuplicatePercent) Push(EventKind.Deliver, to, 1 + _random.Next(20 * _profile.MaxDelay), message);
    }

    void IMemberHost.WriteQueued(CoreMember member) => Push(EventKind.Write, member, 1 + _random.Next(_profile.MaxDiskDelay));

    public void ApplyReady(CoreMember member) => Push(EventKind.Apply, member, _random.Next(_profile.MaxApplyDelay));

    void IMemberHost.LoadReady(CoreMember member) => Push(EventKind.Load, member, 1 + _random.Next(100));

    void IMemberHost.Applied(CoreMember member, in LogEntry entry) => Checker.Applied(member, entry);

    void IMemberHost.Installed(CoreMember member) => Checker.Installed(member);

    void IMemberHost.ReadEnded(CoreMember member, ReadState read) => Checker.ReadEnded(member, read);
}
