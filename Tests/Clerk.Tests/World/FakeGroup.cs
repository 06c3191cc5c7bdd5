using System.Text;
using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;

namespace Quorleans.Clerk.Tests.World;

/// <summary>
/// A replica group as its clients see it, with the real state machine behind it and no consensus: one leader at most; it may stall (no
/// majority: what it logs is not committed), crash, or be replaced. Of what it logged and did not commit, the next leader keeps a prefix.
/// </summary>
internal sealed class FakeGroup(VirtualTime time, Random random)
{
    private const int Nodes = 3;
    private readonly KeyValueStateMachine _machine = new();
    private readonly List<(byte[] Payload, LogTime Stamp, Action<ClerkReply> Answer)> _uncommitted = [];
    private readonly bool[] _hangs = new bool[Nodes];
    private int? _leader = 0;
    private int _believed;
    private bool _stalled;
    private long _index;
    private long _logTimeMs = 5_000_000;
    private long _logTimeAtMs;
    private long _lastStampMs;

    public bool Healed { get; private set; }

    public int Applied { get; private set; }

    /// <summary>Plans faults for ever, until <see cref="Heal"/>.</summary>
    public void Disturb() => time.After(random.Next(50, 800), () =>
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
                _hangs[random.Next(Nodes)] ^= random.Next(3) > 0;
                break;
        }

        Disturb();
    });

    public void Heal()
    {
        Healed = true;
        Array.Clear(_hangs);
        Resume();
    }

    /// <summary>Handles a request at a node, and answers at once, later, or never.</summary>
    public void Handle(string target, bool isQuery, byte[] payload, Action<ClerkReply> answer)
    {
        int node = target[^1] - '1';
        if (_hangs[node]) return;
        if (_machine.Validate(payload, isQuery) is { } problem)
        {
            answer(new ClerkReply(ReplyStatus.Invalid, default, null, LogTimeMs(), problem));
            return;
        }

        if (node != _leader)
        {
            string? hint = random.Next(4) == 0 ? null : $"n{(random.Next(4) == 0 ? random.Next(Nodes) : _believed) + 1}";
            answer(new ClerkReply(ReplyStatus.NotLeader, default, hint, random.Next(2) == 0 ? 0 : LogTimeMs() - random.Next(5000)));
        }
        else if (!Healed && random.Next(30) == 0)
        {
            answer(new ClerkReply(random.Next(4) == 0 ? ReplyStatus.Unavailable : ReplyStatus.Busy, default));
        }
        else if (isQuery)
        {
            if (!_stalled) answer(new ClerkReply(ReplyStatus.Ok, _machine.Query(payload), null, LogTimeMs()));
        }
        else
        {
            _lastStampMs = Math.Max(_lastStampMs, LogTimeMs());
            _uncommitted.Add((payload, new LogTime(_lastStampMs), answer));
            if (!_stalled) Commit(_uncommitted.Count, deposed: false);
        }
    }

    public string Value(string key)
    {
        ReadBatchBuilder read = new(KeyValueLimits.Default);
        read.Begin();
        read.TryAdd(ReadOperation.Get(Encoding.UTF8.GetBytes(key)));
        ResultBatchReader results = new(_machine.Query(read.ToArray()));
        results.TryRead(out OperationResult result);
        return Encoding.UTF8.GetString(result.Value.Span);
    }

    private long LogTimeMs()
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
            _leader = random.Next(Nodes);
            if (random.Next(3) > 0) _believed = _leader.Value;

            // The new leader's no-op commits what it has of its predecessor's.
            Commit(random.Next(_uncommitted.Count + 1), deposed: true);
            foreach ((_, _, Action<ClerkReply> answer) in _uncommitted)
                if (random.Next(2) == 0) answer(new ClerkReply(ReplyStatus.Unknown, default));
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
            (byte[] payload, LogTime stamp, Action<ClerkReply> answer) = _uncommitted[i];
            ReadOnlyMemory<byte> result = _machine.Apply(new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, stamp, payload), true);
            Applied++;
            if (!deposed) answer(new ClerkReply(ReplyStatus.Ok, result, null, LogTimeMs()));
            else if (random.Next(2) == 0) answer(new ClerkReply(ReplyStatus.Unknown, default));
        }

        _uncommitted.RemoveRange(0, count);
    }
}
