namespace Quorleans.Silo;

/// <summary>What the process says when it ends.</summary>
internal static class ExitStatus
{
    /// <summary>It was asked to stop, and did.</summary>
    public const int Stopped = 0;

    /// <summary>It could not start; one line on stderr says why.</summary>
    public const int Failed = 1;

    /// <summary>The options are wrong; one line on stderr says which.</summary>
    public const int Usage = 2;

    /// <summary>
    /// Orleans has declared its silo dead though it lived: it was paused or cut off for too long. Nothing is wrong with it, and its supervisor shall start it again.
    /// </summary>
    public const int Evicted = 3;

    /// <summary>The node was removed from the cluster. It must not be started again; its data directory can be deleted.</summary>
    public const int Removed = 4;

    /// <summary>
    /// The disk of its log failed while it ran: what it says about writes is not to be trusted any more. Started again it reads what is there; a disk that fails again wants a person.
    /// </summary>
    public const int DiskFailed = 5;

    /// <summary>For the help of the command line.</summary>
    public const string Explanation = "Exit status: 0 stopped as asked, 1 could not start, 2 wrong options or configuration, 3 evicted by Orleans (start it again), 4 the node was removed from the cluster, 5 its disk failed.";
}
