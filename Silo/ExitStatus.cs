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
}
