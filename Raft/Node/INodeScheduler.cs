using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

/// <summary>
/// Where a node's work runs: its loop, its log's I/O, and its work with snapshot files. Production has <see cref="NodeThreads"/>; a simulator runs
/// everything on one thread, in an order of its own, so that the very driver that serves in production is what it tests.
/// </summary>
public interface INodeScheduler : ILogExecutor, IAsyncDisposable
{
    /// <summary>How whoever waits for an outcome goes on: beside the loop in production; at once, in a simulation that may have no second thread.</summary>
    TaskCreationOptions Completions { get; }

    /// <summary>Runs the node's loop soon. Never from inside of this call.</summary>
    /// <param name="loop">The loop; it is never asked for twice before it began.</param>
    void Schedule(IThreadPoolWorkItem loop);

    /// <summary>Runs work that may be slow beside the loop.</summary>
    /// <param name="work">The work; it keeps its own errors.</param>
    void RunAside(Action work);
}
