namespace Quorleans.KeyValue;

/// <summary>A step of a hand-off. The numbers stand in logs. Up to <see cref="Release"/> the source's, then the destination's.</summary>
public enum HandoffKind : byte
{
    /// <summary>No step; never encoded.</summary>
    None = 0,

    /// <summary>Source: start copying, or start again with the next attempt. The shard is served on.</summary>
    ExportBegin = 1,

    /// <summary>Source: give the move up, unless it is frozen already. It then never happens, also if it had not begun.</summary>
    ExportAbort = 2,

    /// <summary>Source: stop owning the shard. From here the move only goes forward.</summary>
    Freeze = 3,

    /// <summary>Source: drop the frozen copy; the new owner serves.</summary>
    Release = 4,

    /// <summary>Destination: make room for an attempt's copy; throws an earlier attempt's away.</summary>
    ImportBegin = 5,

    /// <summary>Destination: the next piece of the copy.</summary>
    ImportChunk = 6,

    /// <summary>Destination: operations that the source applied since its copy's start.</summary>
    ImportDelta = 7,

    /// <summary>Destination: the last operations before the freeze; then check the digest and serve.</summary>
    Activate = 8,

    /// <summary>Destination: throw away what came of a move that the source's log has aborted, and refuse it from now on.</summary>
    ImportCancel = 9,

    /// <summary>Destination: serve a shard that nobody ever owned.</summary>
    ActivateEmpty = 10,
}

/// <summary>What became of a step when it was applied. The numbers stand in messages.</summary>
public enum HandoffOutcome : byte
{
    /// <summary>No answer; never encoded.</summary>
    None = 0,

    /// <summary>It was done.</summary>
    Done = 1,

    /// <summary>It was late, repeated, early or for another group: nothing changed.</summary>
    Ignored = 2,

    /// <summary>The entry's log time is before the source's at the freeze: nothing changed; propose it again with that time.</summary>
    TooEarly = 3,

    /// <summary>What came is not what the source has (digest, order, limits): it was thrown away; only a new attempt goes on.</summary>
    Failed = 4,
}
