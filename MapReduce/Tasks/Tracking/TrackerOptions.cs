namespace Quorleans.MapReduce.Tasks;

/// <summary>What a tracker is made of.</summary>
public sealed record TrackerOptions
{
    /// <summary>The node's name.</summary>
    public required string Node { get; init; }

    /// <summary>Its folder, which nobody else uses; made when it is missing. Map outputs of earlier starts are removed from it.</summary>
    public required string Folder { get; init; }

    /// <summary>Names the machine: trackers of the same one read each other's files.</summary>
    public required string Machine { get; init; }

    /// <summary>How many attempts run at a time, for all trackers of the process together.</summary>
    public required SlotPool Slots { get; init; }

    /// <summary>What jobs may read, write and run.</summary>
    public AllowedPaths Allowed { get; init; } = AllowedPaths.Everything;

    /// <summary>The logs of how many jobs are kept. Default: 20.</summary>
    public int KeptLogs { get; init; } = 20;

    /// <summary>How long an answer of the coordinator may take before the heartbeat is sent again. Default: 3 s.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The pause behind a heartbeat that failed. Default: 250 ms.</summary>
    public TimeSpan PauseAfterFailure { get; init; } = TimeSpan.FromMilliseconds(250);
}
