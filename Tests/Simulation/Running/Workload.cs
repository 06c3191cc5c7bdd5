using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.KeyValue;
using History = Quorleans.Linearizability;

namespace Quorleans.Simulation;

/// <summary>Callers that each do one operation after another, and the history of what they saw. Every value written is unique.</summary>
internal sealed partial class Workload
{
    private readonly World _world;
    private readonly Swarm _swarm;
    private readonly IReadOnlyList<SimulatedClerk> _clerks;
    private readonly SimulationRandom _random;
    private readonly Marks _marks;
    private readonly List<Caller> _callers = [];
    private readonly List<(Call Call, long Return)> _done = [];
    private int _lastClient;
    private int _lastToken;
    private bool _stopped;

    internal Workload(World world, Swarm swarm, IReadOnlyList<SimulatedClerk> clerks, Marks marks)
    {
        (_world, _swarm, _clerks, _marks, _random) = (world, swarm, clerks, marks, world.Random.Fork());
        for (int clerk = 0; clerk < clerks.Count; clerk++)
            for (int i = 0; i < swarm.CallersEach; i++) _callers.Add(new Caller(clerk) { Client = ++_lastClient });
    }

    /// <summary>Operations that ended, well or not.</summary>
    internal int Ended { get; private set; }

    /// <summary>Operations that succeeded.</summary>
    internal int Succeeded { get; private set; }

    internal bool IsIdle => _callers.TrueForAll(caller => caller.Current is null);

    internal void Start()
    {
        foreach (Caller caller in _callers) Think(caller);
    }

    /// <summary>No new operations from here on.</summary>
    internal void Stop() => _stopped = true;

    /// <summary>The client process dies with all its operations, and another takes its place.</summary>
    internal bool Kill(int clerk)
    {
        foreach (Caller caller in _callers)
            if (caller.Clerk == clerk) Abandon(caller);
        _clerks[clerk].Restart();
        foreach (Caller caller in _callers)
            if (caller.Clerk == clerk) Think(caller);
        return true;
    }

    /// <summary>A caller does not wait for its operation any longer.</summary>
    internal bool GiveUp(int clerk)
    {
        foreach (Caller caller in _callers)
        {
            if (caller.Clerk != clerk || caller.Current is not { } call) continue;
            _clerks[clerk].Cancel(call.Operation);
            Abandon(caller);
            Think(caller);
            return true;
        }

        return false;
    }

    /// <summary>Large values, one after another, that nobody reads: they make logs and snapshots grow.</summary>
    internal bool Burst(int clerk, int count)
    {
        if (count == 0 || _stopped) return true;
        byte[] value = new byte[500 + _random.Below(3_000)];
        ClerkOperation operation = new(OperationKind.Put, Encoding.ASCII.GetBytes($"large{_random.Below(3)}"), value);
        _clerks[clerk].Submit(operation, _ => Burst(clerk, count - 1));
        return true;
    }

    /// <summary>The history, as the linearizability checker wants it.</summary>
    internal List<History.Operation> TakeHistory()
    {
        foreach (Caller caller in _callers) Abandon(caller);
        List<History.Operation> history = [];
        foreach ((Call call, long end) in _done)
            if (Recorded(call, end) is { } operation) history.Add(operation);
        return history;
    }

    private static History.Operation? Recorded(Call call, long end)
    {
        ClerkOperation operation = call.Operation;
        bool abandoned = end < 0;
        bool unknown = abandoned || (operation.Error is not null && operation.Outcome == OperationOutcome.Unknown);
        if (operation.IsRead && (unknown || operation.Error is not null)) return null;
        if (call.Transaction is not null) return unknown || operation.Error is null ? Recorded(call, end, unknown) : null;

        // What surely did not happen may not show anywhere: its value is unique, and nothing else explains it.
        if (!unknown && operation.Error is not null) return null;
        (History.OperationKind kind, bool? ok) = operation.Kind switch
        {
            OperationKind.Put => (History.OperationKind.Put, true),
            OperationKind.Append => (History.OperationKind.Append, true),
            OperationKind.Delete => (History.OperationKind.Delete, true),
            OperationKind.CompareAndSet => (History.OperationKind.Cas, unknown || operation.ResultFlag),
            _ => (History.OperationKind.Get, true),
        };
        if (unknown) ok = null;
        string? output = operation.IsRead && operation.ResultFlag ? Encoding.ASCII.GetString(operation.ResultValue.Span) : null;
        return new History.Operation(
            call.Client, kind, call.Key, Encoding.ASCII.GetString(operation.Value.Span), call.Expected, output, ok, call.CallUs * 1_000, (abandoned ? call.CallUs : end) * 1_000)
        {
            OutputReported = false,
        };
    }

    private void Think(Caller caller)
    {
        int turn = ++caller.Turn;
        long pause = _random.OneIn(4) ? _random.Between(0, 2_000) : _random.Between(0, 2 * _swarm.ThinkUs);
        _clerks[caller.Clerk].After(pause, () =>
        {
            if (turn == caller.Turn && !_stopped) Begin(caller);
        });
    }

    private void Begin(Caller caller)
    {
        if (_swarm.Transactions > 0 && _random.Below(100) < _swarm.Transactions)
        {
            Transact(caller);
            return;
        }

        string key = NameOf(_random.Below(_swarm.Keys));
        string token = string.Create(CultureInfo.InvariantCulture, $"{++_lastToken};");
        byte[] name = Encoding.ASCII.GetBytes(key), value = Encoding.ASCII.GetBytes(token);
        string? expected = null;
        ClerkOperation operation;
        int dice = _random.Below(100);
        if (dice < _swarm.Reads)
        {
            operation = new ClerkOperation(OperationKind.Get, name);
        }
        else if (dice % 10 == 0)
        {
            operation = new ClerkOperation(OperationKind.Delete, name);
        }
        else if (dice % 10 < 3)
        {
            operation = new ClerkOperation(OperationKind.Put, name, value);
        }
        else if (dice % 10 < 5 && _swarm.Transactions == 0 && caller.Known.TryGetValue(key, out (long Version, string? Value) known))
        {
            expected = known.Value;
            operation = new ClerkOperation(OperationKind.CompareAndSet, name, value, known.Version);
        }
        else
        {
            operation = new ClerkOperation(OperationKind.Append, name, value);
        }

        Submit(caller, new Call(caller.Client, key, operation, expected, _world.NowUs), operation.IsRead ? "" : token);
    }

    private void Submit(Caller caller, Call call, string token)
    {
        caller.Current = call;
        _world.Trace?.Line($"{_clerks[caller.Clerk].Name} calls {call.Operation.Kind} {call.Key} {token}");
        _clerks[caller.Clerk].Submit(call.Operation, _ => End(caller, call));
    }

    private void End(Caller caller, Call call)
    {
        ClerkOperation operation = call.Operation;
        _world.Trace?.Line($"{_clerks[caller.Clerk].Name} ends {operation.Kind} {call.Key} with {operation.Error?.ToString() ?? "success"} {operation.Outcome} {operation.ErrorMessage}");
        _marks.Reached($"client: {operation.Kind}, {OutcomeOf(operation)}");
        if (operation.Attempts > 1) _marks.Reached(operation.Error is null ? "client: success after several attempts" : "client: failure after several attempts");
        Ended++;
        if (operation.Error is null)
        {
            Succeeded++;
            caller.Succeeded++;
            if (operation.ResultTransaction is { } result) Learn(caller, result);
            else if (operation.IsRead) caller.Known[call.Key] = operation.ResultFlag ? (operation.ResultVersion, Encoding.ASCII.GetString(operation.ResultValue.Span)) : (0, null);
        }
        else if (operation.Outcome == OperationOutcome.Unknown)
        {
            caller.Client = ++_lastClient;
        }

        _done.Add((call, _world.NowUs));
        caller.Current = null;
        Think(caller);
    }

    private static string OutcomeOf(ClerkOperation operation) =>
        operation.Error is null ? operation.ResultFlag || operation.Kind is OperationKind.Put or OperationKind.Append ? "done" : "done, but not found or not matched"
        : operation.Outcome == OperationOutcome.Unknown ? "outcome unknown" : $"did not happen ({operation.Error})";

    private void Abandon(Caller caller)
    {
        caller.Turn++;
        if (caller.Current is not { } call) return;
        _done.Add((call, -1));
        caller.Current = null;
        caller.Client = ++_lastClient;
    }

    /// <summary>How often the caller that succeeded least has succeeded.</summary>
    internal int LeastSucceeded()
    {
        int least = int.MaxValue;
        foreach (Caller caller in _callers) least = Math.Min(least, caller.Succeeded);
        return least;
    }

    /// <summary>Forgets how often callers succeeded.</summary>
    internal void CountAnew()
    {
        foreach (Caller caller in _callers) caller.Succeeded = 0;
    }

    private sealed class Caller(int clerk)
    {
        internal int Clerk => clerk;

        internal int Client { get; set; }

        internal int Turn { get; set; }

        internal int Succeeded { get; set; }

        internal Call? Current { get; set; }

        internal Dictionary<string, (long Version, string? Value)> Known { get; } = new(StringComparer.Ordinal);
    }

    private sealed record Call(int Client, string Key, ClerkOperation Operation, string? Expected, long CallUs)
    {
        /// <summary>As the history will have it, without results; null unless it is a transaction.</summary>
        internal History.Transaction? Transaction { get; init; }
    }
}
