using Quorleans.Raft.Node;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>Runs one life of a node in its world: each turn of its loop, each batch of its log and each work with files is an event.</summary>
internal sealed class NodeScheduler(World world, SimulatedNode node) : INodeScheduler
{
    private readonly Queue<LogWork> _aside = new();
    private IThreadPoolWorkItem? _loop;
    private Action? _turn;

    /// <inheritdoc/>
    public TaskCreationOptions Completions => TaskCreationOptions.None;

    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem loop)
    {
        if (_loop != loop) (_loop, _turn) = (loop, Turn);
        node.After(World.StepUs, _turn!);
    }

    /// <inheritdoc/>
    public void RunAside(Action work) => node.After(node.DiskTimes.AsideUs, () => Touch(work));

    /// <inheritdoc/>
    public void Execute(LogWork work)
    {
        node.Observer?.BatchSent(node);
        // A crash between the two finds the batch durable, and nobody told.
        long hang = Math.Max(0, node.DiskTimes.HangsUntilUs - world.NowUs);
        node.After(hang + node.DiskTimes.WriteUs, () =>
        {
            long failures = node.Disk.Failures;
            if (!Touch(work.Run)) return;
            if (node.Disk.Failures == failures) node.Observer?.BatchDurable(node);
            node.After(node.DiskTimes.SyncUs, () =>
            {
                work.Complete();
                node.Observer?.Turned(node);
            });
        });
    }

    /// <inheritdoc/>
    public void ExecuteAside(LogWork work)
    {
        _aside.Enqueue(work);
        if (_aside.Count == 1) NextAside();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Turn()
    {
        _loop!.Execute();
        node.Observer?.Turned(node);
    }

    private void NextAside()
    {
        long hang = Math.Max(0, node.DiskTimes.HangsUntilUs - world.NowUs);
        node.After(hang + node.DiskTimes.AsideUs, () =>
        {
            if (!Touch(_aside.Peek().Run)) return;
            LogWork done = _aside.Dequeue();
            if (_aside.Count > 0) NextAside();
            done.Complete(); // it may ask for more
            node.Observer?.Turned(node);
        });
    }

    private bool Touch(Action work)
    {
        try
        {
            work();
        }
        catch (SimulatedCrashException)
        {
            // The power went in the middle of it.
        }

        // Where the driver catches everything, the disk still knows.
        if (!node.Disk.IsCrashed) return true;
        node.LosePower();
        return false;
    }
}
