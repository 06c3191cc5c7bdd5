using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>A cluster in virtual time: coordinators that replace each other, trackers, clients, a store and a file system. One seed gives one history.</summary>
internal sealed class World
{
    private const long StartMs = 1_700_000_000_000;
    private const long HealsWithinMs = 400_000;
    private readonly PriorityQueue<Action, (long, long)> _queue = new();
    private readonly Random _random;
    private long _events;
    private int _coordinators;
    private int _steps;

    public World(WorldOptions options)
    {
        Options = options;
        _random = new Random(options.Seed);
        NowMs = StartMs;
        Current = StartCoordinator();
        for (int i = 1; i <= options.Trackers; i++) Trackers.Add(new TrackerProcess(this, $"n{i}"));
        for (int i = 0; i < options.Jobs; i++) Clients.Add(new ClientProcess(this, MakeJob(i)));
        if (options.TrackerDies + options.TrackerPauses > 0) After(1000, HurtTrackers);
    }

    public WorldOptions Options { get; }

    public long NowMs { get; private set; }

    public long ElapsedMs => NowMs - StartMs;

    public bool HasFaults => ElapsedMs < Options.FaultsUntilMs;

    /// <summary>The coordinator that calls reach.</summary>
    public CoordinatorProcess Current { get; private set; }

    public List<TrackerProcess> Trackers { get; } = [];

    public List<ClientProcess> Clients { get; } = [];

    public StoreModel Store { get; } = new();

    public FilesModel Files { get; } = new();

    /// <summary>How often a task was done with success, by whoever.</summary>
    public Dictionary<(string Job, TaskId Task), int> Successes { get; } = [];

    /// <summary>How many attempts were begun, of each task.</summary>
    public Dictionary<(string Job, TaskId Task), int> Begun { get; } = [];

    /// <summary>Attempts whose lease ended, or whose tracker died, before they were done.</summary>
    public HashSet<AttemptKey> LeaseLost { get; } = [];

    /// <summary>Steps at which a coordinator can die: appends and file operations.</summary>
    public int Steps => _steps;

    public int TakeOvers => _coordinators - 1;

    public int Roll(int exclusive) => _random.Next(exclusive);

    public bool Chance(int inThousand) => HasFaults && _random.Next(1000) < inThousand;

    public int Delay() => 1 + _random.Next(10);

    public void After(long ms, Action action) => _queue.Enqueue(action, (NowMs + ms, _events++));

    /// <summary>Runs until every job has ended and nothing of it is left.</summary>
    public void Run()
    {
        long until = StartMs + Options.FaultsUntilMs + HealsWithinMs;
        while (_queue.TryDequeue(out Action? action, out (long DueMs, long) at))
        {
            NowMs = at.DueMs;
            if (NowMs > until) throw new InvalidOperationException($"seed {Options.Seed}: not all jobs ended: {Describe()}");
            action();
            if (!HasFaults && Clients.TrueForAll(static client => client.IsDone) && Store.IsSwept && !Current.IsAway) return;
        }
    }

    /// <summary>A coordinator reaches a point at which it may die or be paused.</summary>
    public void Step(CoordinatorProcess coordinator)
    {
        _steps++;
        if (coordinator != Current) return;
        bool isHere = Options.FaultAtStep == _steps;
        if (isHere ? Options.CoordinatorDies > 0 : Options.FaultAtStep == 0 && Chance(Options.CoordinatorDies)) Replace(coordinator, dies: true);
        else if (isHere || (Options.FaultAtStep == 0 && Chance(Options.CoordinatorPauses))) Replace(coordinator, dies: false);
    }

    /// <summary>A coordinator ended by itself.</summary>
    public void Resigned(CoordinatorProcess coordinator)
    {
        if (coordinator == Current) Replace(coordinator, dies: true);
    }

    public TrackerProcess? Find(string tracker, string incarnation) => Trackers.Find(known => known.Name == tracker && known.Incarnation == incarnation && known.IsUp);

    private void Replace(CoordinatorProcess coordinator, bool dies)
    {
        if (dies) coordinator.Die();
        else coordinator.Pause(3000 + Roll(10_000));

        // Nobody answers until the cluster has noticed.
        After(500 + Roll(4000), () =>
        {
            if (Current == coordinator) Current = StartCoordinator();
        });
    }

    private CoordinatorProcess StartCoordinator() => new(this, ++_coordinators);

    private void HurtTrackers()
    {
        if (!HasFaults) return;
        foreach (TrackerProcess tracker in Trackers)
        {
            if (Chance(Options.TrackerDies)) tracker.Die(1000 + Roll(8000));
            else if (Chance(Options.TrackerPauses)) tracker.Pause(1000 + Roll(10_000));
        }

        After(1000, HurtTrackers);
    }

    private SimulatedJob MakeJob(int number)
    {
        JobSpec spec = new()
        {
            Id = $"job-{number:D2}", Application = "simulated", Inputs = ["/in"], Output = $"/out/{number}", MaxAttempts = 4, MaxBadRecords = Roll(2) == 0 ? 0 : 3,
        };
        return new SimulatedJob(spec, Steps: 1 + Roll(2), Maps: Roll(8), Reducers: 1 + Roll(4), SubmitAtMs: Roll(3000), CancelAtMs: Roll(100) < Options.Cancels ? Roll(30_000) : -1);
    }

    private string Describe() => string.Join("; ", Clients.Select(client => $"{client.Job.Spec.Id} {Current.Core.Find(client.Job.Spec.Id, NowMs)?.ToString() ?? "?"}"))
        + $"; swept {Store.IsSwept}, ready {Current.Core.IsReady}, steps {_steps}";
}

/// <summary>A job of the world.</summary>
internal sealed record SimulatedJob(JobSpec Spec, int Steps, int Maps, int Reducers, long SubmitAtMs, long CancelAtMs);
