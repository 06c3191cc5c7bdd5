using System.Text;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Clerk.Tests.World;

/// <summary>What a <see cref="FakeGroup"/> replicates.</summary>
internal interface IFakeMachine
{
    string? Validate(byte[] payload, bool isQuery);

    ReadOnlyMemory<byte> Query(byte[] payload);

    ReadOnlyMemory<byte> Apply(byte[] payload, LogTime stamp);
}

/// <summary>The store, as one group that serves all shards has it.</summary>
internal sealed class FakeStore : IFakeMachine
{
    private readonly KeyValueStateMachine _machine = new();
    private long _index;

    public string? Validate(byte[] payload, bool isQuery) => _machine.Validate(payload, isQuery);

    public ReadOnlyMemory<byte> Query(byte[] payload) => _machine.Query(payload);

    public ReadOnlyMemory<byte> Apply(byte[] payload, LogTime stamp) =>
        _machine.Apply(new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, stamp, payload), true);
}

/// <summary>
/// A replica group as its clients see it, with a state machine behind it and no consensus: one leader at most; it may stall (no
/// majority: what it logs is not committed), crash, or be replaced. Of what it logged and did not commit, the next leader keeps a prefix.
/// </summary>
internal sealed class FakeGroup(VirtualTime time, Random random, IFakeMachine machine, params string[] nodes) : IFakeCluster
{
    private readonly List<(Func<LogTime, ReadOnlyMemory<byte>> Apply, LogTime Stamp, Action<ClerkReply>? Answer)> _uncommitted = [];
    private readonly bool[] _hangs = new bool[nodes.Length];
    private int? _leader = 0;
    private int _believed;
    private bool _stalled;
    private long _logTimeMs = 5_000_000;
    private long _logTimeAtMs = time.NowMs;
    private long _lastStampMs;

    public bool Healed { get; private set; }

    /// <summary>How likely faults are, in percent of the usual.</summary>
    public int Trouble { get; set; } = 100;

    /// <summary>Plans faults for ever, until <see cref="Heal"/>.</summary>
    public void Disturb() => time.After(random.Next(50, 800) * 100 / Trouble, () =>
    {
        if (Healed) return;
        switch (random.Next(4))
        {
            case 0:
                Depose();
                break;
            case 1 when _leader is not null:
                _stalled = true;
                break;
            case 2:
                Resume();
                break;
            default:
                _hangs[random.Next(nodes.Length)] ^= random.Next(3) > 0;
                break;
        }

        Disturb();
    });

    /// <summary>No replica answers any more.</summary>
    public void Die()
    {
        Healed = true;
        Array.Fill(_hangs, true);
        _leader = null;
    }

    public void Heal()
    {
        Healed = true;
        Array.Clear(_hangs);
        Resume();
    }

    /// <summary>Handles a request at a node, and answers at once, later, or never.</summary>
    public void Handle(string target, bool isQuery, byte[] payload, Action<ClerkReply> answer)
    {
        int node = Array.IndexOf(nodes, target[(target.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        if (node < 0)
        {
            answer(new ClerkReply(ReplyStatus.Unavailable, default, Error: "no such replica"));
            return;
        }

        if (_hangs[node]) return;
        if (machine.Validate(payload, isQuery) is { } problem)
        {
            answer(new ClerkReply(ReplyStatus.Invalid, default, null, LogTimeMs(), problem));
            return;
        }

        if (node != _leader)
        {
            string? hint = random.Next(4) == 0 ? null : nodes[random.Next(4) == 0 ? random.Next(nodes.Length) : _believed];
            answer(new ClerkReply(ReplyStatus.NotLeader, default, hint, random.Next(2) == 0 ? 0 : LogTimeMs() - random.Next(5000)));
        }
        else if (!Healed && random.Next(3_000) < Trouble)
        {
            answer(new ClerkReply(random.Next(4) == 0 ? ReplyStatus.Unavailable : ReplyStatus.Busy, default));
        }
        else if (isQuery)
        {
            if (!_stalled) answer(new ClerkReply(ReplyStatus.Ok, machine.Query(payload), null, LogTimeMs()));
        }
        else
        {
            Log(stamp => machine.Apply(payload, stamp), answer, notBeforeMs: 0);
        }
    }

    /// <summary>Logs something that no client sent. It may never be applied: try again then.</summary>
    public void Propose(Action<long> apply, long notBeforeMs = 0)
    {
        if (_leader is null) return;
        Log(
            stamp =>
            {
                apply(stamp.Milliseconds);
                return default;
            },
            null, notBeforeMs);
    }

    /// <summary>Raises the leader's clock.</summary>
    public void RaiseTime(long timeMs)
    {
        if (_leader is not null) _logTimeMs = Math.Max(LogTimeMs(), timeMs);
    }

    private void Log(Func<LogTime, ReadOnlyMemory<byte>> apply, Action<ClerkReply>? answer, long notBeforeMs)
    {
        _logTimeMs = Math.Max(LogTimeMs(), notBeforeMs);
        _lastStampMs = Math.Max(_lastStampMs, _logTimeMs);
        _uncommitted.Add((apply, new LogTime(_lastStampMs), answer));
        if (!_stalled) Commit(_uncommitted.Count, deposed: false);
    }

    public string Value(string key)
    {
        ReadBatchBuilder read = new(KeyValueLimits.Default);
        read.Begin();
        read.TryAdd(ReadOperation.Get(Encoding.UTF8.GetBytes(key)));
        ResultBatchReader results = new(machine.Query(read.ToArray()));
        results.TryRead(out OperationResult result);
        return Encoding.UTF8.GetString(result.Value.Span);
    }

    /// <summary>The group's log time now.</summary>
    public long LogTimeMs()
    {
        // Log time stands still without a leader.
        if (_leader is not null) _logTimeMs += time.NowMs - _logTimeAtMs;
        _logTimeAtMs = time.NowMs;
        return _logTimeMs;
    }

    private void Depose()
    {
        if (_leader is null) return;
        LogTimeMs();
        _believed = _leader.Value;
        _leader = null;
        _stalled = false;
        time.After(random.Next(1, 600), () =>
        {
            LogTimeMs();
            _leader = random.Next(nodes.Length);
            if (random.Next(3) > 0) _believed = _leader.Value;

            // The new leader's no-op commits what it has of its predecessor's.
            Commit(random.Next(_uncommitted.Count + 1), deposed: true);
            foreach ((_, _, Action<ClerkReply>? answer) in _uncommitted)
                if (answer is not null && random.Next(2) == 0) answer(new ClerkReply(ReplyStatus.Unknown, default));
            _uncommitted.Clear();
        });
    }

    private void Resume()
    {
        _stalled = false;
        if (_leader is null) return;
        _believed = _leader.Value;
        Commit(_uncommitted.Count, deposed: false);
    }

    private void Commit(int count, bool deposed)
    {
        for (int i = 0; i < count; i++)
        {
            (Func<LogTime, ReadOnlyMemory<byte>> apply, LogTime stamp, Action<ClerkReply>? answer) = _uncommitted[i];
            ReadOnlyMemory<byte> result = apply(stamp);
            if (answer is null) continue;
            if (!deposed) answer(new ClerkReply(ReplyStatus.Ok, result, null, LogTimeMs()));
            else if (random.Next(2) == 0) answer(new ClerkReply(ReplyStatus.Unknown, default));
        }

        _uncommitted.RemoveRange(0, count);
    }
}
