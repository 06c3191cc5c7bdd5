namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// Coordinates all MapReduce jobs of a cluster: which attempt of which task runs where, who wins, and that a job's output is published once or never. A
/// machine of events and effects, without clock, tasks or I/O.
/// </summary>
/// <remarks>
/// <para>
/// A job is what its journal says. An outcome becomes an event; events that wait go into the store as one record, in an append that holds only for the job's
/// owner; and nothing changes, is acknowledged or ordered because of them before the record is there (as Raft's asynchronous storage). So a coordinator that
/// takes over, and reads the journal, decides as the one before would have.
/// </para>
/// <para>
/// What runs where is not journaled. Trackers say it with every report, also to a coordinator that just began, which listens for a lease before it orders anew.
/// </para>
/// <para>Time is in milliseconds since 1970, and must never go back: leases are measured by it.</para>
/// </remarks>
public sealed partial class CoordinatorCore
{
    private readonly CoordinatorOptions _options;
    private readonly string _writer;
    private readonly SortedDictionary<string, JobState> _jobs = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TrackerState> _trackers = new(StringComparer.Ordinal);
    private List<CoordinatorEffect> _effects = [];

    /// <summary>Creates a coordinator that knows nothing yet: see <see cref="Start"/>.</summary>
    /// <param name="options">How it works.</param>
    /// <param name="writer">Its name in the store; no two coordinators may share it.</param>
    public CoordinatorCore(CoordinatorOptions options, string writer)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(writer);
        (_options, _writer) = (options, writer);
    }

    /// <summary>Whether it knows which jobs there are.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Whether it found that somebody else owns its jobs. It does nothing any more.</summary>
    public bool HasResigned { get; private set; }

    /// <summary>What is to be done, in this order; they are handed out once.</summary>
    public IReadOnlyList<CoordinatorEffect> TakeEffects()
    {
        if (_effects.Count == 0) return [];
        List<CoordinatorEffect> taken = _effects;
        _effects = [];
        return taken;
    }

    /// <summary>Lets time pass: leases end, waits are over. To be called a few times a second.</summary>
    /// <param name="nowMs">The time.</param>
    public void Tick(long nowMs)
    {
        if (HasResigned || !IsReady) return;
        foreach (TrackerState tracker in _trackers.Values)
            if (tracker.IsAlive && tracker.LeaseUntilMs < nowMs) Lose(tracker, nowMs);
        EndRecoveries(nowMs);
        RetrySweeps(nowMs);
        foreach (JobState job in Snapshot()) Advance(job, nowMs);
        PokeIdle();
    }

    private void Do(CoordinatorEffect effect) => _effects.Add(effect);

    private List<JobState> Snapshot() => [.. _jobs.Values];
}
