using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>Runs a node's loop, log and snapshot work on the caller's thread, when it is told to: a whole node without a second thread.</summary>
public sealed class ManualNodeScheduler : INodeScheduler
{
    private readonly ManualLogExecutor _log = new();
    private readonly Queue<Action> _aside = new();
    private IThreadPoolWorkItem? _loop;

    /// <inheritdoc/>
    public TaskCreationOptions Completions => TaskCreationOptions.None;

    /// <summary>Whether the loop has work.</summary>
    public bool HasLoop => _loop is not null;

    /// <summary>Whether work with snapshot files waits.</summary>
    public bool HasAside => _aside.Count > 0;

    /// <summary>The log's work that waits.</summary>
    public ManualLogExecutor Log => _log;

    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem loop) => _loop = loop;

    /// <inheritdoc/>
    public void RunAside(Action work) => _aside.Enqueue(work);

    /// <inheritdoc/>
    public void Execute(LogWork work) => _log.Execute(work);

    /// <inheritdoc/>
    public void ExecuteAside(LogWork work) => _log.ExecuteAside(work);

    /// <summary>Lets the loop run until it has nothing more to do.</summary>
    /// <returns>False when it had nothing.</returns>
    public bool RunLoop()
    {
        if (_loop is not { } loop) return false;
        _loop = null;
        loop.Execute();
        return true;
    }

    /// <summary>Runs one piece of work with snapshot files.</summary>
    /// <returns>False when there is none.</returns>
    public bool RunAside()
    {
        if (!_aside.TryDequeue(out Action? work)) return false;
        work();
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
