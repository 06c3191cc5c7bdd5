namespace Quorleans.MapReduce.Engine;

/// <summary>
/// Arenas between tasks, so that the next task finds memory that the system has already given: fresh pages cost more than sorting in them.
/// What is kept is limited in size, in number and in time: some seconds after the last task all is given back. Safe for several threads.
/// </summary>
/// <param name="maxIdleBytes">How much memory may be kept at most.</param>
/// <param name="idle">How long it is kept while nobody takes it.</param>
/// <param name="time">The clock.</param>
internal sealed class ArenaPool(long maxIdleBytes, TimeSpan idle, TimeProvider time) : IDisposable
{
    private const long LeastShared = 64L << 20;
    private const long MostShared = 512L << 20;
    private const int MostIdle = 64;
    private readonly Lock _lock = new();
    private readonly List<(Arena Arena, long Since)> _idle = [];
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>The one of the process. It keeps an eighth of the memory that the process may have, 512 MiB at most, for ten seconds.</summary>
    public static ArenaPool Shared { get; } = new(
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, LeastShared, MostShared), TimeSpan.FromSeconds(10), TimeProvider.System);

    /// <summary>How much memory is kept now.</summary>
    public long IdleBytes
    {
        get
        {
            lock (_lock) return SumOfIdle();
        }
    }

    /// <summary>Takes the smallest one that is long enough, of those the one that was returned last; or a new one.</summary>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    public Arena Take(long bytes)
    {
        lock (_lock)
        {
            int best = -1;
            for (int i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].Arena.Bytes >= bytes && (best < 0 || _idle[i].Arena.Bytes < _idle[best].Arena.Bytes)) best = i;
            }

            if (best >= 0)
            {
                Arena found = _idle[best].Arena;
                _idle.RemoveAt(best);
                return found;
            }
        }

        return new Arena(bytes);
    }

    /// <summary>Gives one back. The ones that were given back longest ago make room for it.</summary>
    public void Return(Arena arena)
    {
        List<Arena> released = [];
        lock (_lock)
        {
            if (_isDisposed || arena.Touched > maxIdleBytes)
            {
                released.Add(arena);
            }
            else
            {
                while (SumOfIdle() + arena.Touched > maxIdleBytes || _idle.Count >= MostIdle)
                {
                    released.Add(_idle[0].Arena);
                    _idle.RemoveAt(0);
                }

                _idle.Add((arena, time.GetTimestamp()));
                if (_idle.Count == 1) Arm(idle);
            }
        }

        foreach (Arena one in released) one.Dispose();
    }

    /// <summary>Gives everything back; what is returned later is not kept.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            foreach ((Arena arena, _) in _idle) arena.Dispose();
            _idle.Clear();
        }
    }

    private long SumOfIdle()
    {
        long sum = 0;
        foreach ((Arena arena, _) in _idle) sum += arena.Touched;
        return sum;
    }

    private void Arm(TimeSpan due)
    {
        if (_timer is null) _timer = time.CreateTimer(_ => ReleaseOld(), null, due, Timeout.InfiniteTimeSpan);
        else _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void ReleaseOld()
    {
        lock (_lock)
        {
            while (_idle.Count > 0 && time.GetElapsedTime(_idle[0].Since) >= idle)
            {
                _idle[0].Arena.Dispose();
                _idle.RemoveAt(0);
            }

            if (_idle.Count > 0 && !_isDisposed) Arm(idle - time.GetElapsedTime(_idle[0].Since));
        }
    }
}
