namespace Quorleans.Raft;

/// <summary>What a log entry is for. The numbers stand in log files and messages.</summary>
public enum EntryKind : byte
{
    /// <summary>A new leader's first entry, so that it can commit (paper §8). Invisible to the state machine.</summary>
    Noop = 1,

    /// <summary>A command for the state machine.</summary>
    Command = 2,

    /// <summary>A configuration of the group (paper §6); effective as soon as it is in the log.</summary>
    Configuration = 3,
}
