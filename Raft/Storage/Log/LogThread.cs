namespace Quorleans.Raft.Storage;

/// <summary>The production executor: one thread for batches, another that exists only while segments are prepared or deleted.</summary>
public sealed class LogThread : ILogExecutor, IDisposable
{
    private readonly Thread _thread;
    private readonly object _ready = new(); // a monitor: a SemaphoreSlim spins before it waits, and a tenth of all the processors did went there
    private readonly Lock _asideLock = new();
    private readonly Queue<LogWork> _aside = new();
    private readonly string _name;
    private LogWork? _work;
    private Thread? _asideThread;
    private volatile bool _disposed;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">The node's name, for debuggers.</param>
    public LogThread(string name)
    {
        _name = name;
        _thread = new Thread(Loop) { IsBackground = true, Name = $"log {name}" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Execute(LogWork work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        lock (_ready)
        {
            Invariant.Check(_work is null, "Two batches of one log were in flight.");
            _work = work;
            Monitor.Pulse(_ready);
        }
    }

    /// <inheritdoc/>
    public void ExecuteAside(LogWork work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        lock (_asideLock)
        {
            _aside.Enqueue(work);
            if (_asideThread is not null) return;
            _asideThread = new Thread(Aside) { IsBackground = true, Name = $"log {_name} aside" };
            _asideThread.Start();
        }
    }

    /// <summary>Finishes the work at hand and ends the threads. Dispose the log after it.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        lock (_ready)
        {
            _disposed = true;
            Monitor.Pulse(_ready);
        }

        _thread.Join();
        Thread? aside;
        lock (_asideLock) aside = _asideThread;
        aside?.Join();
    }

    private void Loop()
    {
        while (Next() is { } work)
        {
            work.Run();
            work.Complete();
        }
    }

    /// <summary>Waits for the next batch; null at the end.</summary>
    private LogWork? Next()
    {
        lock (_ready)
        {
            while (_work is null && !_disposed) Monitor.Wait(_ready);
            LogWork? work = _work;
            _work = null;
            return work;
        }
    }

    private void Aside()
    {
        while (true)
        {
            LogWork? work;
            lock (_asideLock)
            {
                if (!_aside.TryDequeue(out work))
                {
                    _asideThread = null;
                    return;
                }
            }

            work.Run();
            work.Complete();
        }
    }
}
