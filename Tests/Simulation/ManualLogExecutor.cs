using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>Runs the log's work when it is told to, on the caller's thread.</summary>
public sealed class ManualLogExecutor : ILogExecutor
{
    private readonly Queue<LogWork> _aside = new();
    private LogWork? _batch;

    /// <summary>Whether a batch waits.</summary>
    public bool HasBatch => _batch is not null;

    /// <summary>Whether work beside batches waits.</summary>
    public bool HasAside => _aside.Count > 0;

    /// <inheritdoc/>
    public void Execute(LogWork work)
    {
        if (_batch is not null) throw new InvalidOperationException("Two batches of one log were in flight.");
        _batch = work;
    }

    /// <inheritdoc/>
    public void ExecuteAside(LogWork work) => _aside.Enqueue(work);

    /// <summary>Writes, syncs and completes the batch that waits.</summary>
    /// <returns>False when there is none.</returns>
    public bool RunBatch()
    {
        if (_batch is not { } work) return false;
        _batch = null;
        work.Run();
        work.Complete();
        return true;
    }

    /// <summary>Runs one piece of work beside batches.</summary>
    /// <returns>False when there is none.</returns>
    public bool RunAside()
    {
        if (!_aside.TryDequeue(out LogWork? work)) return false;
        work.Run();
        work.Complete();
        return true;
    }

    /// <summary>Runs everything that waits, and what that brings about.</summary>
    public void RunAll()
    {
        while (RunBatch() || RunAside())
        {
        }
    }
}
