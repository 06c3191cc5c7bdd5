namespace Quorleans.Raft.Node;

/// <summary>A client's batch on its way through the log; completed once for the whole batch.</summary>
internal sealed class Proposal(ReadOnlyMemory<byte> payload, LogTime notBefore, bool isUrgent, Admission admission, IOutcomeSink sink) : Submission(payload, admission, sink)
{
    internal LogTime NotBefore { get; } = notBefore;

    internal bool IsUrgent { get; } = isUrgent;

    /// <summary>The node's tick at which it was taken into the log.</summary>
    internal long TakenAt { get; set; }

    /// <summary>Where it stands. Another entry may end up there: only together with <see cref="Term"/> is it this one (K3).</summary>
    internal LogIndex Index { get; set; }

    internal Term Term { get; set; }
}

/// <summary>A client's batch of reads.</summary>
internal sealed class Query(ReadOnlyMemory<byte> payload, bool onFollower, bool isUrgent, Admission admission, IOutcomeSink sink) : Submission(payload, admission, sink)
{
    /// <summary>A follower may answer it, with a read index that it gets from the leader.</summary>
    internal bool OnFollower { get; } = onFollower;

    internal bool IsUrgent { get; } = isUrgent;
}

/// <summary>A request of ours that could not be delivered, or was refused.</summary>
internal sealed record Undelivered(RaftMessage Request);

/// <summary>Something to be done on the node's loop, with an answer.</summary>
internal sealed class LoopCall<T>(Func<T> call, TaskCreationOptions completion) : TaskCompletionSource<T>(completion), ILoopCall
{
    public void Run()
    {
        try
        {
            SetResult(call());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SetException(e);
        }
    }

    public void Abandon(Exception reason) => TrySetException(reason);
}

/// <summary>Untyped face of <see cref="LoopCall{T}"/>.</summary>
internal interface ILoopCall
{
    void Run();

    void Abandon(Exception reason);
}
