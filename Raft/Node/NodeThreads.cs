using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

/// <summary>Production's scheduler: the loop and work with files on the thread pool, the log on a thread of its own.</summary>
/// <param name="name">The node's name, for debuggers.</param>
public sealed class NodeThreads(string name) : INodeScheduler
{
    private readonly LogThread _log = new($"{name} log");

    /// <inheritdoc/>
    public TaskCreationOptions Completions => TaskCreationOptions.RunContinuationsAsynchronously;

    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem loop) => ThreadPool.UnsafeQueueUserWorkItem(loop, preferLocal: false);

    /// <inheritdoc/>
    public void RunAside(Action work) => _ = Task.Run(work);

    /// <inheritdoc/>
    public void Execute(LogWork work) => _log.Execute(work);

    /// <inheritdoc/>
    public void ExecuteAside(LogWork work) => _log.ExecuteAside(work);

    /// <summary>Ends the log's thread, after the batch at hand.</summary>
    public ValueTask DisposeAsync() => new(Task.Run(_log.Dispose));
}
