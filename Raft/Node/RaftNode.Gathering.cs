namespace Quorleans.Raft.Node;

// Group commit over groups. The log writes the next batch as soon as the one before is durable, which on a slow disk makes two camps of the groups that share
// it: while one camp's entries are being synced, the answers of the other come, and it has to wait for a whole sync before its own. A moment's patience
// behind each sync lets everybody in: each then waits for one sync, not two.
public sealed partial class RaftNode
{
    private static readonly TimeSpan LeastGather = TimeSpan.FromMilliseconds(1);
    private ITimer? _gatherTimer;
    private long _durableAt;
    private bool _isGathering;

    /// <summary>Sends the batch being built to the log, now or a little later.</summary>
    private void Flush()
    {
        if (Log.HasPending && !Log.IsInFlight && GatherLeft() is { } patience && !HasAllWriters())
        {
            if (!_isGathering) _gatherTimer!.Change(patience, Timeout.InfiniteTimeSpan);
            _isGathering = true;
            return;
        }

        Log.TryFlush();
    }

    private void OnGathered(object? state)
    {
        Volatile.Write(ref _isGathering, false);
        Schedule();
    }

    /// <summary>How long others are still waited for behind the last sync, in whole milliseconds, as timers count; null: not, or no longer.</summary>
    /// <remarks>
    /// By the fastest of a few syncs: on a slow disk all are slow. One slow sync on a fast disk, such as that of a large chunk, is no reason to wait on top of it
    /// (GatheringTests.AfterOneSlowSync_NobodyIsWaitedFor).
    /// </remarks>
    private TimeSpan? GatherLeft()
    {
        if (Options.MaxGather <= TimeSpan.Zero) return null;
        TimeSpan window = TimeSpan.FromTicks(Math.Min(Log.Statistics.RecentSync.Ticks / 2, Options.MaxGather.Ticks));
        if (window < LeastGather) return null;
        TimeSpan left = window - Options.Time.GetElapsedTime(_durableAt);
        return left <= TimeSpan.Zero ? null : TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));
    }

    /// <summary>Whether every group that wrote to one of the last two batches has written to the next one.</summary>
    private bool HasAllWriters()
    {
        long pending = Log.PendingSequence;
        foreach (Replica replica in _inOrder)
            if (replica.LastWrote != 0 && replica.LastWrote < pending && replica.LastWrote >= pending - 2) return false;
        return true;
    }
}
