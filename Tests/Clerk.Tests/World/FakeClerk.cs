using System.Text;
using Quorleans.KeyValue;

namespace Quorleans.Clerk.Tests.World;

/// <summary>One operation as its caller saw it.</summary>
internal sealed class Seen(ClerkOperation operation, string key, string token, long callMs)
{
    public ClerkOperation Operation { get; } = operation;

    public string Key { get; } = key;

    public string Token { get; } = token;

    public long CallMs { get; } = callMs;

    public long EndMs { get; set; } = -1;
}

/// <summary>A scan as its caller saw it, page by page.</summary>
internal sealed class SeenScan(long startMs, int limit)
{
    public long StartMs { get; } = startMs;

    public int Limit { get; } = limit;

    public List<(long CallMs, long EndMs, ClerkOperation Operation)> Pages { get; } = [];

    public bool IsWhole { get; set; }
}

/// <summary>A core over a network that delays, loses and repeats, with callers that each do one operation after the other.</summary>
internal sealed class FakeClerk
{
    private readonly VirtualTime _time;
    private readonly Random _random;
    private readonly IFakeCluster _group;
    private readonly ClerkCore _core;
    private readonly Dictionary<ClerkOperation, Action> _waiting = [];
    private readonly int _id;
    private long _wakeMs = long.MaxValue;
    private int _tokens;

    public FakeClerk(int id, VirtualTime time, Random random, IFakeCluster group, ClerkOptions options)
    {
        _id = id;
        _time = time;
        _random = random;
        _group = group;
        _core = new ClerkCore(options, new ClientId((UInt128)(id + 1)), (ulong)random.NextInt64());
    }

    public List<Seen> History { get; } = [];

    /// <summary>The scans, each with all of its pages.</summary>
    public List<SeenScan> Scans { get; } = [];

    public int Keys { get; init; } = 5;

    public bool DoesScan { get; init; }

    public ClerkCore Core => _core;

    public bool Stopped { get; set; }

    public int Outstanding => _core.Outstanding;

    public int Probes { get; private set; }

    public int Batches { get; private set; }

    public void Start(int callers)
    {
        for (int i = 0; i < callers; i++)
        {
            int caller = i;
            _time.After(_random.Next(20), () => Call(caller));
        }
    }

    private void Call(int caller)
    {
        if (Stopped) return;
        if (DoesScan && _random.Next(12) == 0)
        {
            SeenScan scan = new(_time.NowMs, _random.Next(10) == 0 ? 1000 : _random.Next(1, 6));
            Scans.Add(scan);
            NextPage(caller, scan, null);
            return;
        }

        string key = $"k{_random.Next(Keys)}";
        bool append = _random.Next(3) > 0;
        string token = append ? $"{_id}.{caller}.{_tokens++};" : "";
        byte[] name = Encoding.UTF8.GetBytes(key), value = Encoding.UTF8.GetBytes(token);
        ClerkOperation operation = append && _random.Next(3) == 0
            ? new ClerkOperation(Txn.If(When.Version(name, CompareOperator.Greater, 0)).Then(Do.Append(name, value), Do.Get(name)).Else(Do.Put(name, value), Do.Get(name)))
            : append
            ? new ClerkOperation(OperationKind.Append, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(token))
            : new ClerkOperation(OperationKind.Get, Encoding.UTF8.GetBytes(key));
        Seen seen = new(operation, key, token, _time.NowMs);
        History.Add(seen);
        _waiting.Add(operation, () =>
        {
            seen.EndMs = _time.NowMs;
            CallLater(caller);
        });
        _core.Submit(operation, _time.NowMs);
        if (_random.Next(200) == 0) _time.After(_random.Next(50), () => Abandon(operation, caller));
        Advance();
    }

    private void NextPage(int caller, SeenScan scan, string? continuation)
    {
        ClerkOperation operation = new(new ScanRequest { Prefix = "k"u8.ToArray(), Limit = scan.Limit, Continuation = continuation });
        long callMs = _time.NowMs;
        _waiting.Add(operation, () =>
        {
            scan.Pages.Add((callMs, _time.NowMs, operation));
            scan.IsWhole = operation.ResultPage is { Continuation: null };
            if (operation.ResultPage?.Continuation is { } next) _time.After(_random.Next(5), () => NextPage(caller, scan, next));
            else CallLater(caller);
        });
        _core.Submit(operation, _time.NowMs);
        Advance();
    }

    private void CallLater(int caller) => _time.After(_random.Next(10) == 0 ? _random.Next(300) : _random.Next(5), () => Call(caller));

    private void Abandon(ClerkOperation operation, int caller)
    {
        if (!_waiting.Remove(operation)) return;
        _core.Cancel(operation);
        Advance();
        Call(caller);
    }

    private void Advance()
    {
        _core.Advance(_time.NowMs);
        ClerkEffects effects = _core.SwapEffects(new ClerkEffects());
        foreach (ClerkAttempt attempt in effects.Sends) Send(attempt);
        foreach (ClerkOperation operation in effects.Completions)
        {
            if (!_waiting.Remove(operation, out Action? ended)) throw new InvalidOperationException("An operation ended twice, or after its cancellation.");
            ended();
        }

        if (_core.NextWakeMs >= _wakeMs) return;
        _wakeMs = _core.NextWakeMs;
        _time.After(_wakeMs - _time.NowMs, () =>
        {
            _wakeMs = long.MaxValue;
            Advance();
        });
    }

    private void Send(ClerkAttempt attempt)
    {
        if (attempt.Kind is AttemptKind.Probe or AttemptKind.Map) Probes++;
        else Batches++;
        bool reliable = _group.Healed;
        bool repeated = !reliable && _random.Next(20) == 0;
        bool lost = !reliable && _random.Next(12) == 0;
        for (int copy = 0; copy < (repeated ? 2 : 1); copy++)
        {
            if (lost && copy == 0) continue;
            _time.After(Delay(reliable), () => _group.Handle(attempt.Target, attempt.IsQuery, attempt.Payload, reply => Answer(attempt, reply, repeated)));
        }

        // What is never answered ends as a failed call. Some calls fail at once.
        bool notSent = lost && !repeated && _random.Next(2) == 0;
        _time.After(notSent ? 1 : 5_000, () =>
        {
            _core.OnFailed(attempt, notSent ? AttemptFailure.NotDelivered : AttemptFailure.Unknown, "lost", _time.NowMs);
            Advance();
        });
    }

    private void Answer(ClerkAttempt attempt, ClerkReply reply, bool repeated)
    {
        if (!_group.Healed && _random.Next(12) == 0) return;

        // As the adapter does when a connection broke: a refusal may be that of a second copy.
        if (repeated && reply.Status is not (ReplyStatus.Ok or ReplyStatus.Invalid)) reply = reply with { Status = ReplyStatus.Unknown };
        else if (repeated) reply = reply with { MayBeCopy = true };
        _time.After(Delay(_group.Healed), () =>
        {
            _core.OnReply(attempt, reply, _time.NowMs);
            Advance();
        });
    }

    private int Delay(bool reliable) => reliable || _random.Next(20) > 0 ? _random.Next(1, 10) : _random.Next(3_000);
}
