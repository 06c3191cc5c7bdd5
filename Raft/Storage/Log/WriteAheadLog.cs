namespace Quorleans.Raft.Storage;

/// <summary>
/// A node's write-ahead log, one for all its groups. Records gather in the batch being built while the batch before it is written
/// and synced; so the disk sets the pace (natural group commit), never a timer. One batch is in flight at a time. All members
/// are for the owner's loop only, except <see cref="DurableSequence"/>, <see cref="State"/>, <see cref="Failure"/> and
/// <see cref="Statistics"/>, which any thread may read.
/// <para>
/// The loop: append records; remember <see cref="PendingSequence"/> with what waits for them; <see cref="TryFlush"/>; when
/// <see cref="Completed"/> tells that a batch is done, release everything up to <see cref="DurableSequence"/> and flush again.
/// </para>
/// </summary>
public sealed partial class WriteAheadLog : IDisposable
{
    /// <summary>The newest format of a log that this program knows, and the one that it writes.</summary>
    public const int Format = BatchHeader.Format;

    private const int MaximumFileName = 200;
    private readonly IDisk _disk;
    private readonly WalOptions _options;
    private readonly LogSalt _salt;
    private readonly ILogExecutor _executor;
    private readonly Dictionary<GroupId, LogGroup> _groups = [];
    private readonly List<LogGroup> _closedGroups = [];
    private readonly List<LogGroup> _touched = [];
    private BatchBuffer _building = new();
    private long _buildingLiveBytes;
    private int _nextGroup = 1;
    private bool _disposed;
    private volatile DiskException? _failure;
    private volatile LogCorruption? _corruption;

    private WriteAheadLog(IDisk disk, WalOptions options, ILogExecutor executor)
    {
        _disk = disk;
        _options = options;
        _salt = LogSalt.From(options.NodeId);
        _executor = executor;
        _work = new BatchWork(this);
        Statistics = new LogStatistics(options.Time);
    }

    /// <summary>
    /// Called when a batch is durable, when the log failed, and when space was prepared: then the owner should release what became
    /// durable and call <see cref="TryFlush"/>. It comes from the executor's threads, for a batch and for space even at once, so it
    /// should only wake the owner. Set it before the first record.
    /// </summary>
    public Action<LogCompletion>? Completed { get; set; }

    /// <summary>Counters and latencies.</summary>
    public LogStatistics Statistics { get; }

    /// <summary>Whether the log can be used.</summary>
    public LogState State =>
        _corruption is not null ? LogState.Corrupt
        : _failure is not null ? LogState.Failed
        : _disposed ? LogState.Closed
        : _isFull ? LogState.Full
        : LogState.Open;

    /// <summary>Why it failed, or null.</summary>
    public DiskException? Failure => _failure;

    /// <summary>What recovery found damaged, or null.</summary>
    public LogCorruption? Corruption => _corruption;

    /// <summary>The sequence of the batch being built: what is appended now is durable when <see cref="DurableSequence"/> reaches it.</summary>
    public long PendingSequence { get; private set; } = 1;

    /// <summary>Whether the batch being built holds anything.</summary>
    public bool HasPending => !_building.IsEmpty;

    /// <summary>The encoded bytes of the batch being built.</summary>
    public int PendingBytes => _building.Position - BatchHeader.Bytes;

    /// <summary>The last sequence that is durable.</summary>
    public long DurableSequence => Volatile.Read(ref _durable);

    /// <summary>The groups in the log.</summary>
    public IReadOnlyCollection<LogGroup> Groups => _groups.Values;

    /// <summary>
    /// Whether entries may be taken now: the log is sound, the batch being built has room, and the disk too. Votes and terms may be
    /// written when it says no; room is kept for them.
    /// </summary>
    /// <param name="bytes">The entries' encoded size; about <see cref="LogEntry.Size"/> each.</param>
    public bool CanAppend(int bytes)
    {
        if (_corruption is not null || _failure is not null || _disposed) return false;
        return (long)_building.Position + bytes <= _options.MaximumBatchBytes && HasRoom(bytes);
    }

    /// <summary>Whether the disk has room for entries, with what is kept for votes and terms. Says nothing about the batch being built.</summary>
    /// <param name="bytes">The entries' encoded size.</param>
    public bool HasRoom(int bytes)
    {
        ThrowUnlessUsable();
        Harvest();
        return !_isFull || BatchBuffer.Pad((long)_building.Position + bytes) + _options.ReservedBytes <= RoomLeft();
    }

    /// <summary>Begins a group in this log.</summary>
    /// <param name="id">The group, in an incarnation that the log does not have.</param>
    /// <param name="self">Which member this node is in it.</param>
    /// <param name="initial">The configuration that the replica starts from; may be empty when it joins as a learner.</param>
    public LogGroup OpenGroup(GroupId id, MemberId self, Membership initial)
    {
        ThrowUnlessUsable();
        ArgumentNullException.ThrowIfNull(initial);
        if (string.IsNullOrEmpty(id.Name) || id.Name.Length > 32) throw new ArgumentException($"'{id.Name}' is no name of a group.", nameof(id));
        if (_groups.ContainsKey(id)) throw new InvalidOperationException($"The log has group {id} already.");
        LogGroup group = new(this, _nextGroup++, id, self, initial);
        LogRecords.WriteOpen(_building, group.Number, id, self, initial);
        _groups.Add(id, group);
        Touch(group);
        return group;
    }

    /// <summary>Ends a group: its entries, hard state and snapshot reference are forgotten. Delete its snapshots when this is durable.</summary>
    /// <param name="group">The group.</param>
    public void RemoveGroup(LogGroup group)
    {
        ThrowUnlessUsable(group);
        LogRecords.WriteRemove(_building, group.Number);
        while (group.Count > 0) Drop(group.PopLast());
        group.IsRemoved = true;
        _groups.Remove(group.Id);
        Touch(group);
    }

    /// <summary>Appends entries. They supersede everything at and after the first one's index.</summary>
    /// <param name="group">The group.</param>
    /// <param name="entries">Consecutive entries; the first is at most one after the last, and after the snapshot.</param>
    public void AppendEntries(LogGroup group, ReadOnlySpan<LogEntry> entries)
    {
        ThrowUnlessUsable(group);
        if (entries.IsEmpty) return;
        LogIndex first = entries[0].Index;
        Invariant.Check(first >= group.FirstIndex && first <= group.LastIndex.Next, $"Entries from {first} appended to {group}.");
        CheckConsecutive(group, entries);
        while (group.LastIndex >= first) Drop(group.PopLast());
        LogRecords.WriteEntries(_building, RecordType.Entries, group.Number, entries);
        foreach (ref readonly LogEntry entry in entries)
        {
            int bytes = LogRecords.EntryBytes + entry.Payload.Length;
            group.Push(PendingSequence, bytes);
            _buildingLiveBytes += bytes;
        }
    }

    /// <summary>Writes entries again that stand in the log already, so that the segment that holds them can be dropped.</summary>
    /// <param name="group">The group.</param>
    /// <param name="entries">Consecutive entries, just as they were appended.</param>
    public void Rewrite(LogGroup group, ReadOnlySpan<LogEntry> entries)
    {
        ThrowUnlessUsable(group);
        if (entries.IsEmpty) return;
        Invariant.Check(entries[0].Index >= group.FirstIndex && entries[^1].Index <= group.LastIndex, $"Entries {entries[0].Index}..{entries[^1].Index} rewritten in {group}.");
        CheckConsecutive(group, entries);
        LogRecords.WriteEntries(_building, RecordType.Rewrite, group.Number, entries);
        foreach (ref readonly LogEntry entry in entries)
        {
            LogGroup.Mark old = group.Replace(entry.Index, PendingSequence);
            Invariant.Check(old.Bytes == LogRecords.EntryBytes + entry.Payload.Length, $"Entry {entry.Index} of {group} is rewritten with another size.");
            Drop(old);
            _buildingLiveBytes += old.Bytes;
        }
    }

    /// <summary>Records term, vote and commit hint.</summary>
    /// <param name="group">The group.</param>
    /// <param name="state">The hard state; the term never goes back.</param>
    public void SetHardState(LogGroup group, in HardState state)
    {
        ThrowUnlessUsable(group);
        Invariant.Check(state.Term >= group.HardState.Term, $"The term of {group} goes back from {group.HardState.Term} to {state.Term}.");
        group.HardState = state;
        LogRecords.WriteHardState(_building, group.Number, state);
        Touch(group);
    }

    /// <summary>Records that a snapshot, already durable in its file, stands for the log up to its index.</summary>
    /// <param name="group">The group.</param>
    /// <param name="snapshot">What it covers.</param>
    /// <param name="file">The name that <see cref="SnapshotStore"/> gave.</param>
    /// <param name="installed">True when it came from a leader and the whole log is discarded; false when it only compacts.</param>
    public void SnapshotTaken(LogGroup group, SnapshotMetadata snapshot, string file, bool installed)
    {
        ThrowUnlessUsable(group);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(file.Length, MaximumFileName);
        Invariant.Check(snapshot.Index >= group.FirstIndex.Previous, $"A snapshot at {snapshot.Index} of {group} is older than the one there.");
        Invariant.Check(installed || snapshot.Index <= group.LastIndex, $"A snapshot at {snapshot.Index} compacts {group}, which ends before it.");
        LogRecords.WriteSnapshot(_building, group.Number, snapshot, file, installed);
        if (installed)
            while (group.Count > 0) Drop(group.PopLast());
        else
            for (long covered = snapshot.Index - group.FirstIndex.Previous; covered > 0; covered--) Drop(group.PopFirst());
        group.Snapshot = snapshot;
        group.SnapshotFile = file;
        Touch(group);
    }

    /// <summary>Closes the files. Dispose the executor first. What was not flushed is lost, as in a crash.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (LogSegment segment in _segments) segment.File.Dispose();
        foreach (LogSegment segment in _free) segment.File.Dispose();
        _prepared?.File.Dispose();
    }

    private static void CheckConsecutive(LogGroup group, ReadOnlySpan<LogEntry> entries)
    {
        for (int i = 1; i < entries.Length; i++)
            Invariant.Check(entries[i].Index == entries[0].Index + i, $"Entry {entries[i].Index} follows {entries[i - 1].Index} in one append to {group}.");
    }

    private void Touch(LogGroup group)
    {
        if (group.IsTouched) return;
        group.IsTouched = true;
        _touched.Add(group);
    }

    private void Drop(LogGroup.Mark mark)
    {
        if (mark.Sequence == PendingSequence) _buildingLiveBytes -= mark.Bytes;
        else SegmentOf(mark.Sequence).DyingBytes += mark.Bytes;
    }

    private void ThrowUnlessUsable(LogGroup group)
    {
        ThrowUnlessUsable();
        ArgumentNullException.ThrowIfNull(group);
        Invariant.Check(group.Log == this && !group.IsRemoved, $"{group} is not, or no longer, in this log.");
    }

    private void ThrowUnlessUsable()
    {
        if (_corruption is { } corruption)
            throw new LogStateException(LogState.Corrupt, $"The log in '{_disk.Path}' is corrupt: {corruption}. Restore the directory, or join as a new node with an empty one.");
        if (_failure is { } failure)
            throw new LogStateException(LogState.Failed, $"The log in '{_disk.Path}' failed and takes nothing more: {failure.Message} Mend the disk and start the node again.", failure);
        if (_disposed) throw new LogStateException(LogState.Closed, $"The log in '{_disk.Path}' is closed.");
    }
}
