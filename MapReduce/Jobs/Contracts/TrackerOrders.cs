namespace Quorleans.MapReduce.Jobs;

/// <summary>The coordinator's answer to a heartbeat.</summary>
public sealed record TrackerOrders
{
    /// <summary>Attempts to begin.</summary>
    public IReadOnlyList<TaskOrder> Start { get; init; } = [];

    /// <summary>Attempts to stop: nobody wants them any more, or nobody knows them.</summary>
    public IReadOnlyList<AttemptKey> Stop { get; init; } = [];

    /// <summary>Ended attempts that need not be said again: what follows from them is in the store.</summary>
    public IReadOnlyList<AttemptKey> Acknowledged { get; init; } = [];

    /// <summary>Jobs whose files on the tracker are not needed any more.</summary>
    public IReadOnlyList<string> Forget { get; init; } = [];

    /// <summary>For how long attempts may run without another answer, from the moment when the heartbeat was sent, in milliseconds.</summary>
    public required int LeaseMs { get; init; }

    /// <summary>After how long the next heartbeat is due, unless something ends before; in milliseconds.</summary>
    public required int HeartbeatMs { get; init; }
}
