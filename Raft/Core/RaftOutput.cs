namespace Quorleans.Raft;

/// <summary>
/// What a core wants done, taken by <see cref="RaftCore.TakeOutput"/>. One reusable structure for each driver; valid until the next call of the core.
/// Order: first hand <see cref="Restore"/>, <see cref="HardState"/> and the entries to the log as one unit, in the order of the outputs,
/// then send <see cref="Messages"/> (those that must wait for durability are not in here yet), then apply, then answer reads.
/// </summary>
public sealed class RaftOutput
{
    /// <summary>Names what must become durable, or null when there is nothing to keep.</summary>
    public DurabilityToken? Token { get; internal set; }

    /// <summary>A snapshot that replaces log and state up to its index, before the entries; or null.</summary>
    public SnapshotMetadata? Restore { get; internal set; }

    /// <summary>Whether the entries that <see cref="Restore"/> leaves behind it stay valid in the log.</summary>
    public bool RestoreKeepsLog { get; internal set; }

    /// <summary>The hard state to keep, or null when it has not changed.</summary>
    public HardState? HardState { get; internal set; }

    /// <summary>The first of <see cref="RaftCore.Log"/>'s entries to keep; they supersede all from there on.</summary>
    public LogIndex AppendFrom { get; internal set; }

    /// <summary>The last entry to keep; below <see cref="AppendFrom"/> when there is none.</summary>
    public LogIndex AppendTo { get; internal set; }

    /// <summary>Messages to send now, in no particular order.</summary>
    public List<RaftMessage> Messages { get; } = [];

    /// <summary>Chunks that arrived, in order, for the driver's snapshot receiver. Answer with <see cref="RaftCore.OnSnapshotChunk"/>.</summary>
    public List<RaftMessage> Chunks { get; } = [];

    /// <summary>The first entry to apply.</summary>
    public LogIndex ApplyFrom { get; internal set; }

    /// <summary>The last entry to apply; below <see cref="ApplyFrom"/> when there is none. Answer with <see cref="RaftCore.OnApplied"/>.</summary>
    public LogIndex ApplyTo { get; internal set; }

    /// <summary>Reads that were decided.</summary>
    public List<ReadState> Reads { get; } = [];

    /// <summary>Whether role, term or leader changed since the last output.</summary>
    public bool RoleChanged { get; internal set; }

    internal void Clear()
    {
        Token = null;
        Restore = null;
        RestoreKeepsLog = false;
        HardState = null;
        (AppendFrom, AppendTo) = (new LogIndex(1), LogIndex.Zero);
        (ApplyFrom, ApplyTo) = (new LogIndex(1), LogIndex.Zero);
        Messages.Clear();
        Chunks.Clear();
        Reads.Clear();
        RoleChanged = false;
    }
}
