namespace Quorleans.Simulation;

/// <summary>
/// A world on one thread, with its own time and one seed. Nothing in it waits: whatever takes time is an event planned for later. The same seed
/// makes the same events in the same order, so that every run can be repeated.
/// </summary>
public sealed class World
{
    /// <summary>What one hop between two machines takes at the least, unless a network model says otherwise: closed loops must end (0.2 ms).</summary>
    public const long HopUs = 200;

    /// <summary>What one turn of a process takes (20 µs).</summary>
    public const long StepUs = 20;

    private readonly EventHeap _events = new();
    private long _order;

    /// <summary>Creates a world at time 0.</summary>
    /// <param name="seed">Decides everything that is left to chance.</param>
    /// <param name="trace">Where to write what happens, or null.</param>
    public World(ulong seed, Trace? trace = null)
    {
        Seed = seed;
        Random = new SimulationRandom(seed);
        Trace = trace;
        if (trace is not null) trace.World = this;
    }

    /// <summary>The seed.</summary>
    public ulong Seed { get; }

    /// <summary>The time since the beginning, in microseconds.</summary>
    public long NowUs { get; private set; }

    /// <summary>The time since the beginning.</summary>
    public TimeSpan Now => TimeSpan.FromMicroseconds(NowUs);

    /// <summary>How many events have happened.</summary>
    public long Events { get; private set; }

    /// <summary>Chance for whoever has no generator of its own.</summary>
    public SimulationRandom Random { get; }

    /// <summary>Where to write what happens, or null when nobody looks.</summary>
    public Trace? Trace { get; }

    /// <summary>Called after every event: the place for invariants.</summary>
    public Action? AfterEvent { get; set; }

    /// <summary>Plans something.</summary>
    /// <param name="delayUs">When, from now, in microseconds.</param>
    /// <param name="action">What.</param>
    public void After(long delayUs, Action action) => After(delayUs, action, null);

    internal void After(long delayUs, Action action, SimulatedProcess? owner) =>
        _events.Add(new EventHeap.Event(NowUs + Math.Max(0, delayUs), _order++, action, owner, owner?.Life ?? 0));

    /// <summary>Lets events happen until a time.</summary>
    /// <param name="endUs">The time; it is now when this returns.</param>
    public void RunUntil(long endUs)
    {
        using (OneThread())
            while (_events.NextUs <= endUs) Step();
        NowUs = Math.Max(NowUs, endUs);
    }

    /// <summary>Lets events happen for a while.</summary>
    /// <param name="time">How long.</param>
    public void RunFor(TimeSpan time) => RunUntil(NowUs + (long)time.TotalMicroseconds);

    /// <summary>Lets events happen until a condition holds.</summary>
    /// <param name="done">Asked after every event.</param>
    /// <param name="limit">How long at most.</param>
    /// <returns>Whether it came to hold.</returns>
    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(done);
        long endUs = NowUs + (long)limit.TotalMicroseconds;
        using (OneThread())
        {
            if (done()) return true;
            while (_events.NextUs <= endUs)
            {
                Step();
                if (done()) return true;
            }
        }

        NowUs = endUs;
        return false;
    }

    private void Step()
    {
        EventHeap.Event next = _events.Take();
        NowUs = next.AtUs;
        if (next.Owner is { } owner && !owner.Admits(next.Life, next.Action)) return;
        Events++;
        next.Action();
        AfterEvent?.Invoke();
    }

    // Continuations of tasks run in place only where no context wants them elsewhere; test runners have one.
    private static ContextRestorer OneThread()
    {
        ContextRestorer restorer = new(SynchronizationContext.Current);
        SynchronizationContext.SetSynchronizationContext(null);
        return restorer;
    }

    private readonly struct ContextRestorer(SynchronizationContext? context) : IDisposable
    {
        public void Dispose() => SynchronizationContext.SetSynchronizationContext(context);
    }
}
