using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>Drives a core by hand: appends and file operations succeed at once unless a test holds them.</summary>
internal sealed class CoreDriver
{
    public const string Secret = "s3cret";
    private readonly Dictionary<string, long> _sequences = new(StringComparer.Ordinal);

    public CoreDriver(CoordinatorOptions? options = null)
    {
        Core = new CoordinatorCore(options ?? new CoordinatorOptions(), "c1");
        Core.Start([], NowMs);
    }

    public CoordinatorCore Core { get; }

    public long NowMs { get; set; } = 1_000_000;

    /// <summary>Appends wait for <see cref="Release"/>.</summary>
    public bool Holds { get; set; }

    public List<AppendEffect> Held { get; } = [];

    /// <summary>All effects so far.</summary>
    public List<CoordinatorEffect> Effects { get; } = [];

    /// <summary>All events that were appended.</summary>
    public List<JobEvent> Journal { get; } = [];

    /// <summary>Publications are under way until the test ends them.</summary>
    public bool HoldsPublication { get; set; }

    /// <summary>What a publication answers; null: it succeeds.</summary>
    public string? PublicationError { get; set; }

    /// <summary>Whether a folder that is taken away turns out to be published.</summary>
    public bool WasPublished { get; set; }

    public static JobSpec Spec(string id = "job", int maxAttempts = 4, long maxBadRecords = 0, string? output = null) =>
        new() { Id = id, Application = "a", Inputs = ["/in"], Output = output ?? $"/out/{id}", MaxAttempts = maxAttempts, MaxBadRecords = maxBadRecords };

    public CoreDriver Submit(JobSpec spec)
    {
        Assert.Null(Core.Submit(spec, Secret, NowMs));
        CarryOut();
        return this;
    }

    public JobView View(string job = "job") => Core.Find(job, NowMs)!;

    /// <summary>A heartbeat.</summary>
    public TrackerOrders Report(string tracker, int slots = 2, IEnumerable<AttemptKey>? running = null, IEnumerable<TaskOutcome>? ended = null, string incarnation = "1", long? sequence = null, double fraction = 0, IReadOnlyList<string>? jobs = null)
    {
        long number = sequence ?? _sequences.GetValueOrDefault(tracker + incarnation) + 1;
        _sequences[tracker + incarnation] = number;
        TrackerOrders orders = Core.OnReport(
            new TrackerReport
            {
                Tracker = tracker, Incarnation = incarnation, Sequence = number, Machine = "m", Endpoint = "", Slots = slots,
                Running = [.. (running ?? []).Select(key => new AttemptProgress(key, 0, 0, fraction, ""))], Ended = [.. ended ?? []], Jobs = jobs ?? [],
            },
            NowMs);
        CarryOut();
        return orders;
    }

    public void Tick()
    {
        Core.Tick(NowMs);
        CarryOut();
    }

    /// <summary>Lets held appends succeed.</summary>
    public void Release(bool holdNext = false)
    {
        Holds = holdNext;
        AppendEffect[] held = [.. Held];
        Held.Clear();
        foreach (AppendEffect append in held) Append(append);
        CarryOut();
    }

    /// <summary>Runs the job's plan.</summary>
    public CoreDriver Plan(string tracker, int maps, int reducers, string job = "job", int steps = 1)
    {
        TaskOrder order = Assert.Single(Report(tracker, slots: 1).Start);
        Assert.Equal(TaskKind.Plan, order.Task.Kind);
        Assert.Equal(job, order.Spec.Id);
        Report(tracker, slots: 0, ended: [Planned(order, maps, reducers, steps)]);
        return this;
    }

    public static TaskOutcome Planned(TaskOrder order, int maps, int reducers, int steps = 1) =>
        new() { Key = order.Key, Plan = new PlanOutcome($"plan-{order.Attempt}", steps, "step", maps, reducers, 1, 10 * maps) };

    public static TaskOutcome Mapped(TaskOrder order, long badRecords = 0, long ms = 100) =>
        new() { Key = order.Key, Milliseconds = ms, Map = new MapOutcome($"index-{order.Task}-{order.Attempt}", 10, 5, 5, 10, badRecords, badRecords > 0 ? ["/in:0"] : []), Counters = [new("maps", 1)] };

    public static TaskOutcome Reduced(TaskOrder order) => new() { Key = order.Key, Milliseconds = 100, Reduce = new ReduceOutcome($"{order.Task}-{order.Attempt}", 1, 1, 1, 0) };

    public static TaskOutcome Done(TaskOrder order) => order.Map is not null ? Mapped(order) : order.Reduce is not null ? Reduced(order) : Planned(order, 1, 1);

    public static TaskOutcome Failed(TaskOrder order, TaskFailureKind kind = TaskFailureKind.Attempt, string message = "boom", RecordPlace? record = null, IReadOnlyList<MapOutput>? lost = null) =>
        new() { Key = order.Key, Failure = new TaskFailure(kind, message, record, lost) };

    public void CarryOut()
    {
        while (Core.TakeEffects() is { Count: > 0 } effects)
        {
            Effects.AddRange(effects);
            foreach (CoordinatorEffect effect in effects) CarryOut(effect);
        }
    }

    private void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendEffect append when Holds:
                Held.Add(append);
                break;
            case AppendEffect append:
                Append(append);
                break;
            case PrepareEffect prepare:
                Core.OnPrepared(prepare.Spec.Id, null, NowMs);
                break;
            case PublishEffect when HoldsPublication:
                break;
            case PublishEffect publish:
                Core.OnPublished(publish.Spec.Id, PublicationError, NowMs);
                break;
            case TakeAwayEffect take:
                Core.OnTakenAway(take.Spec.Id, WasPublished, null, NowMs);
                break;
            case SweepEffect sweep:
                Core.OnSwept(sweep.Entry.View.Spec.Id, done: true, NowMs);
                break;
        }
    }

    private void Append(AppendEffect append)
    {
        Journal.AddRange(JobCodec.Decode<List<JobEvent>>(append.Record));
        Core.OnAppended(append.Job, append.After.Records, NowMs);
    }
}
