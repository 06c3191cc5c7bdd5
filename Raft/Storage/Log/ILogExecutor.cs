namespace Quorleans.Raft.Storage;

/// <summary>
/// Carries out the log's I/O. For each piece of work it calls <see cref="LogWork.Run"/> and then, once,
/// <see cref="LogWork.Complete"/>. Production has <see cref="LogThread"/>; a simulator puts virtual time between.
/// </summary>
public interface ILogExecutor
{
    /// <summary>Takes a batch to be written and synced. There is never more than one at a time.</summary>
    /// <param name="work">The batch.</param>
    void Execute(LogWork work);

    /// <summary>Takes work that may run beside batches and be slow: preparing and deleting segments.</summary>
    /// <param name="work">The work.</param>
    void ExecuteAside(LogWork work);
}

/// <summary>A piece of the log's I/O. Objects are reused: keep none after <see cref="Complete"/>.</summary>
public abstract class LogWork
{
    private protected LogWork() { }

    /// <summary>Does the I/O. Errors of the disk are kept for <see cref="Complete"/>.</summary>
    public abstract void Run();

    /// <summary>Hands the outcome to the log, which calls <see cref="WriteAheadLog.Completed"/>.</summary>
    public abstract void Complete();
}
