namespace Quorleans.Raft.Storage;

/// <summary>What a log held when it was opened.</summary>
public sealed class LogRecovery
{
    /// <summary>The live groups, by id. Empty when the log is corrupt: nothing of it may be relied on then.</summary>
    public required IReadOnlyList<RecoveredGroup> Groups { get; init; }

    /// <summary>Durable bytes that are damaged, or null.</summary>
    public LogCorruption? Corruption { get; init; }

    /// <summary>A batch that was never acknowledged and did not survive whole, or null. It is cut; nothing is lost by it.</summary>
    public TornBatch? Torn { get; init; }

    /// <summary>Whether nothing was ever written to this log.</summary>
    public bool IsEmpty { get; init; }
}

/// <summary>A group as its log stood.</summary>
/// <param name="Log">Its handle in the reopened log; holds its id, member, initial configuration, hard state and snapshot.</param>
/// <param name="Entries">The entries after the snapshot, without gaps.</param>
public sealed record RecoveredGroup(LogGroup Log, IReadOnlyList<LogEntry> Entries)
{
    /// <summary>The group.</summary>
    public GroupId Id => Log.Id;

    /// <summary>Which member this node is in it.</summary>
    public MemberId Self => Log.Self;

    /// <summary>The configuration that the replica started from.</summary>
    public Membership Initial => Log.Initial;

    /// <summary>Its hard state.</summary>
    public HardState HardState => Log.HardState;

    /// <summary>Its snapshot, or null.</summary>
    public SnapshotMetadata? Snapshot => Log.Snapshot;

    /// <summary>The snapshot's file, or null.</summary>
    public string? SnapshotFile => Log.SnapshotFile;
}

/// <summary>Durable bytes of a log are damaged.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Offset">The damaged batch's place in it.</param>
/// <param name="What">What is wrong, for a person.</param>
public sealed record LogCorruption(string File, long Offset, string What)
{
    /// <summary>The format that the file is written in, when it is a newer one than this program knows: then nothing is wrong with the file. Otherwise 0.</summary>
    public int NewerFormat { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{File} at offset {Offset}: {What}";
}

/// <summary>A batch that was cut.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Offset">Its place in it.</param>
/// <param name="Sequence">Its sequence.</param>
public sealed record TornBatch(string File, long Offset, long Sequence);

/// <summary>A batch became durable, or the log's state changed.</summary>
/// <param name="DurableSequence">The last durable sequence.</param>
/// <param name="Error">Null, or why the log failed, for ever.</param>
public readonly record struct LogCompletion(long DurableSequence, DiskException? Error);

/// <summary>Entries that hold back an old segment; to be written again with <see cref="WriteAheadLog.Rewrite"/>.</summary>
/// <param name="Group">The group.</param>
/// <param name="First">The first index.</param>
/// <param name="Last">The last index.</param>
public readonly record struct Laggard(LogGroup Group, LogIndex First, LogIndex Last);
