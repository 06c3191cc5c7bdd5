namespace Quorleans.Simulation;

/// <summary>
/// Something that runs, can die and can be stopped for a while (SIGSTOP, a long garbage collection). What a life has planned dies with it; what
/// comes due in a pause happens right after it.
/// </summary>
public abstract class SimulatedProcess
{
    private readonly Queue<Action> _held = new();

    /// <summary>Creates a process that does not run yet.</summary>
    /// <param name="world">Where it lives.</param>
    /// <param name="name">Its name in the network.</param>
    protected SimulatedProcess(World world, string name)
    {
        ArgumentNullException.ThrowIfNull(world);
        (World, Name) = (world, name);
    }

    /// <summary>Its name in the network.</summary>
    public string Name { get; }

    /// <summary>Whether it runs.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Whether it is stopped for a while.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Counts its starts and ends.</summary>
    public int Life { get; private set; }

    /// <summary>Where it lives.</summary>
    protected World World { get; }

    /// <summary>Plans something in this life.</summary>
    /// <param name="delayUs">When, from now, in microseconds.</param>
    /// <param name="action">What.</param>
    public void After(long delayUs, Action action) => World.After(delayUs, action, this);

    /// <summary>Does something now; after the pause when it is stopped.</summary>
    internal void Do(Action action)
    {
        if (Admits(Life, action)) action();
    }

    /// <summary>Stops it for a while.</summary>
    public void Pause()
    {
        if (IsUp) IsPaused = true;
    }

    /// <summary>Lets it go on.</summary>
    public void Resume()
    {
        if (!IsPaused) return;
        IsPaused = false;
        while (_held.TryDequeue(out Action? held)) After(0, held);
    }

    /// <summary>Begins a life.</summary>
    protected void Begin()
    {
        if (IsUp) throw new InvalidOperationException($"{Name} runs already.");
        IsUp = true;
        Life++;
    }

    /// <summary>Ends the life.</summary>
    protected void End()
    {
        IsUp = IsPaused = false;
        Life++;
        _held.Clear();
    }

    internal bool Admits(int life, Action action)
    {
        if (life != Life) return false;
        if (!IsPaused) return true;
        _held.Enqueue(action);
        return false;
    }
}
