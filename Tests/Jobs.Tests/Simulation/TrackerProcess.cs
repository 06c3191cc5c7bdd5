using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>A tracker: heartbeats, a lease, attempts that take their time and then succeed or fail. It may die, be paused, or not be heard.</summary>
internal sealed class TrackerProcess
{
    private const int AnswerWithinMs = 2000;
    private const int PauseMs = 300;
    private const int LeaseMarginMs = 1000;
    private const int Slots = 2;
    private readonly World _world;
    private readonly SortedDictionary<string, RunningAttempt> _running = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TaskOutcome> _ended = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _jobs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs = new(StringComparer.Ordinal);
    private int _starts;
    private long _sequence;
    private long _pausedUntilMs;
    private long _leaseUntilMs;
    private long _waitsFor;
    private bool _isPoked;

    public TrackerProcess(World world, string name)
    {
        (_world, Name) = (world, name);
        Begin();
    }

    public string Name { get; }

    public string Incarnation => $"{Name}#{_starts}";

    public bool IsUp { get; private set; }

    public bool Holds(string index) => _outputs.Contains(index);

    public void Damage(string index) => _outputs.Remove(index);

    public void Die(int backAfterMs)
    {
        if (!IsUp) return;
        IsUp = false;
        foreach (RunningAttempt attempt in _running.Values) _world.LeaseLost.Add(attempt.Order.Key);
        _world.After(backAfterMs, Begin);
    }

    public void Pause(int ms)
    {
        if (IsUp) _pausedUntilMs = Math.Max(_pausedUntilMs, _world.NowMs + ms);
    }

    public void Poke() => Deliver(_starts, () =>
    {
        _isPoked = true;
        if (_waitsFor == 0) Beat();
    });

    private void Begin()
    {
        _running.Clear();
        _ended.Clear();
        _jobs.Clear();
        _outputs.Clear();
        (IsUp, _sequence, _waitsFor, _pausedUntilMs, _leaseUntilMs) = (true, 0, 0, 0, 0);
        _starts++;
        _world.After(_world.Delay(), () => Deliver(_starts, Beat));
    }

    // What a start was to do, the next one does not; what comes in a pause waits.
    private void Deliver(int start, Action action)
    {
        if (!IsUp || start != _starts) return;
        if (_world.NowMs < _pausedUntilMs) _world.After(_pausedUntilMs - _world.NowMs, () => Deliver(start, action));
        else action();
    }

    private void Later(long ms, Action action)
    {
        int start = _starts;
        _world.After(ms, () => Deliver(start, action));
    }

    private void Beat()
    {
        if (_waitsFor != 0) return;
        _isPoked = false;
        long sequence = _waitsFor = ++_sequence, sentMs = _world.NowMs;
        TrackerReport report = new()
        {
            Tracker = Name, Incarnation = Incarnation, Sequence = sequence, Machine = "m", Endpoint = "", Slots = Slots,
            Running = [.. _running.Values.Select(attempt => attempt.ProgressAt(_world.NowMs))], Ended = [.. _ended.Values], Jobs = [.. _jobs],
        };
        report = JobCodec.Decode<TrackerReport>(JobCodec.Encode(report));
        int copies = _world.Chance(_world.Options.NetworkFaults) ? _world.Roll(3) : 1;
        for (int i = 0; i < copies; i++) _world.After(_world.Chance(_world.Options.NetworkFaults) ? _world.Roll(4000) : _world.Delay(), () => Arrive(report, sentMs));
        Later(AnswerWithinMs, () =>
        {
            if (_waitsFor == sequence) Next(PauseMs);
        });
    }

    private void Arrive(TrackerReport report, long sentMs)
    {
        int start = _starts;
        _world.Current.Call(core =>
        {
            TrackerOrders orders = JobCodec.Decode<TrackerOrders>(JobCodec.Encode(core.OnReport(report, _world.NowMs)));
            if (_world.Chance(_world.Options.NetworkFaults)) return;
            _world.After(_world.Delay(), () => Deliver(start, () => Follow(report, orders, sentMs)));
        });
    }

    private void Next(long ms)
    {
        _waitsFor = 0;
        if (_isPoked) Beat();
        else Later(ms, Beat);
    }

    private void Follow(TrackerReport report, TrackerOrders orders, long sentMs)
    {
        // An answer that was given up says nothing.
        if (report.Incarnation != Incarnation || report.Sequence != _waitsFor) return;
        _leaseUntilMs = sentMs + orders.LeaseMs - LeaseMarginMs;
        Later(Math.Max(0, _leaseUntilMs - _world.NowMs), CheckLease);
        foreach (AttemptKey key in orders.Acknowledged) _ended.Remove(key.ToString());
        foreach (AttemptKey key in orders.Stop) _running.Remove(key.ToString());
        foreach (string job in orders.Forget)
        {
            _jobs.Remove(job);
            foreach (string key in _running.Keys.Where(key => key.StartsWith(job + "/", StringComparison.Ordinal)).ToList()) _running.Remove(key);
            foreach (string key in _ended.Keys.Where(key => key.StartsWith(job + "/", StringComparison.Ordinal)).ToList()) _ended.Remove(key);
        }

        foreach (TaskOrder order in orders.Start) Run(order);
        Next(orders.HeartbeatMs);
    }

    private void CheckLease()
    {
        if (_world.NowMs < _leaseUntilMs) return;
        foreach (RunningAttempt attempt in _running.Values.ToList()) Stop(attempt);
    }

    private void Stop(RunningAttempt attempt)
    {
        _running.Remove(attempt.Order.Key.ToString());
        _world.LeaseLost.Add(attempt.Order.Key);
        _ended[attempt.Order.Key.ToString()] = new TaskOutcome { Key = attempt.Order.Key, Failure = new TaskFailure(TaskFailureKind.Stopped, "the lease ended") };
    }

    private void Run(TaskOrder order)
    {
        (string, TaskId) task = (order.Spec.Id, order.Task);
        _world.Begun[task] = _world.Begun.GetValueOrDefault(task) + 1;
        _jobs.Add(order.Spec.Id);
        int ms = _world.Roll(100) < _world.Options.Stragglers ? 30_000 : 50 + _world.Roll(1000);
        RunningAttempt attempt = new(order, _world.NowMs, ms);
        _running.Add(order.Key.ToString(), attempt);
        Later(ms, () => End(attempt));
    }

    private void End(RunningAttempt attempt)
    {
        if (!_running.ContainsValue(attempt)) return;
        if (_world.NowMs >= _leaseUntilMs)
        {
            Stop(attempt);
            return;
        }

        _running.Remove(attempt.Order.Key.ToString());
        TaskOutcome outcome = OutcomeOf(attempt.Order) with { Milliseconds = attempt.Milliseconds };
        (string, TaskId) task = (attempt.Order.Spec.Id, attempt.Order.Task);
        if (outcome.Failure is null) _world.Successes[task] = _world.Successes.GetValueOrDefault(task) + 1;
        _ended[attempt.Order.Key.ToString()] = outcome;
        _isPoked = true;
        if (_waitsFor == 0) Beat();
    }

    private TaskOutcome OutcomeOf(TaskOrder order)
    {
        TaskOutcome outcome = new() { Key = order.Key, Counters = [new("done", 1)] };
        SimulatedJob job = _world.Clients.Find(client => client.Job.Spec.Id == order.Spec.Id)!.Job;
        if (order.Reduce is { } reduce && LostOf(reduce) is { Count: > 0 } lost)
            return outcome with { Counters = [], Failure = new TaskFailure(TaskFailureKind.MapOutputLost, "map outputs are gone", LostMaps: lost) };
        if (_world.Chance(_world.Options.AttemptFails))
        {
            RecordPlace? place = order.Map is not null && _world.Roll(2) == 0 ? new RecordPlace("/in", _world.Roll(5)) : null;
            return outcome with { Counters = [], Failure = new TaskFailure(place is null ? TaskFailureKind.Attempt : TaskFailureKind.Crash, "it failed", place) };
        }

        string file = $"{order.Task}-{order.Attempt}";
        if (order.Map is not null)
        {
            _outputs.Add($"{order.Spec.Id}/{file}");
            return outcome with { Map = new MapOutcome($"{order.Spec.Id}/{file}", 10, 5, 5, 10, order.Map.Skip.Count, []) };
        }

        if (!_world.Files.Write(order.Spec, file)) return outcome with { Counters = [], Failure = new TaskFailure(TaskFailureKind.Attempt, "the staging folder is gone") };
        return order.Plan is not null
            ? outcome with { Plan = new PlanOutcome(file, job.Steps, "simulated", job.Maps, job.Reducers, 1, 10L * job.Maps) }
            : outcome with { Reduce = new ReduceOutcome(file, 1, 1, 1, 0, 1) };
    }

    private List<MapOutput> LostOf(ReduceOrder reduce)
    {
        List<MapOutput> lost = [];
        foreach (MapOutput map in reduce.Maps)
        {
            TrackerProcess? holder = _world.Find(map.Tracker, map.Incarnation);
            if (_world.Chance(_world.Options.AttemptFails / 10)) holder?.Damage(map.Index);
            if (holder is null || !holder.Holds(map.Index)) lost.Add(map);
        }

        return lost;
    }

    private sealed record RunningAttempt(TaskOrder Order, long StartedMs, int Milliseconds)
    {
        public AttemptProgress ProgressAt(long nowMs) => new(Order.Key, 0, 0, Math.Min(1, (nowMs - StartedMs) / (double)Milliseconds), "");
    }
}
