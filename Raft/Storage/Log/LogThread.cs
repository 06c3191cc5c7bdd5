namespace Quorleans.Raft.Storage;

/// <summary>The production executor: one thread for batches, another that exists only while segments are prepared or deleted.</summary>
public sealed class LogThread : ILogExecutor, IDisposable
{
    private readonly Thread _thread;
    private readonly SemaphoreSlim _ready = new(0);
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
        Invariant.Check(Interlocked.Exchange(ref _work, work) is null, "Two batches of one log were in flight.");
        _ready.Release();
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
        _disposed = true;
        _ready.Release();
        _thread.Join();
        Thread? aside;
        lock (_asideLock) aside = _asideThread;
        aside?.Join();
        _ready.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _ready.Wait();
            LogWork? work = Interlocked.Exchange(ref _work, null);
            if (work is null)
            {
                if (_disposed) return;
                continue;
            }

            work.Run();
            work.Complete();
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
