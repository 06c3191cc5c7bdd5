namespace Quorleans.Simulation;

/// <summary>How long a node's disk takes. May be changed while the node runs: slow and hung disks.</summary>
public sealed class DiskTimes
{
    /// <summary>What a write to the log's end takes, in microseconds.</summary>
    public long WriteUs { get; set; } = 20;

    /// <summary>What a sync takes, in microseconds.</summary>
    public long SyncUs { get; set; } = 100;

    /// <summary>What work with snapshots and whole segments takes, in microseconds.</summary>
    public long AsideUs { get; set; } = 500;

    /// <summary>Until when nothing ends, in microseconds of the world's time: the disk hangs.</summary>
    public long HangsUntilUs { get; set; }
}
