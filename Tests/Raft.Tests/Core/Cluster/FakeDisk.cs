namespace Quorleans.Raft.Tests;

/// <summary>
/// A member's disk: one ordered stream of writes that become durable only when <see cref="Complete"/> says so. Fault model: a crash loses all that
/// is not durable, except that the first few of the lost writes may have reached the disk all the same, unacknowledged. What is durable never rots.
/// </summary>
internal sealed class FakeDisk
{
    private readonly List<Write> _pending = [];
    private readonly SortedList<long, byte[]> _files = [];

    /// <summary>One unit of the stream: what an output asked for, or the record that the log now refers to an own snapshot.</summary>
    private sealed record Write
    {
        internal DurabilityToken? Token { get; init; }

        internal SnapshotMetadata? Restore { get; init; }

        internal bool KeepsLog { get; init; }

        internal HardState? HardState { get; init; }

        internal LogEntry[] Entries { get; init; } = [];

        internal SnapshotMetadata? OwnSnapshot { get; init; }

        internal LogIndex CompactTo { get; init; }
    }

    /// <summary>What a completed write was: a token for <see cref="RaftCore.OnAppended"/>, or a snapshot for <see cref="RaftCore.OnSnapshotTaken"/>.</summary>
    internal readonly record struct Completion(DurabilityToken? Token, SnapshotMetadata? Snapshot, LogIndex CompactTo);

    internal HardState HardState { get; private set; }

    internal SnapshotMetadata? Snapshot { get; private set; }

    /// <summary>The durable entries behind the durable snapshot.</summary>
    internal List<LogEntry> Entries { get; } = [];

    internal int Pending => _pending.Count;

    internal LogIndex BaseIndex => Snapshot?.Index ?? LogIndex.Zero;

    internal LogIndex LastIndex => BaseIndex + Entries.Count;

    internal void Enqueue(RaftCore core, RaftOutput output) => _pending.Add(new Write
    {
        Token = output.Token, Restore = output.Restore, KeepsLog = output.RestoreKeepsLog, HardState = output.HardState,
        Entries = core.Log.Range(output.AppendFrom, output.AppendTo).ToArray(),
    });

    internal void EnqueueSnapshot(SnapshotMetadata snapshot, LogIndex compactTo) =>
        _pending.Add(new Write { OwnSnapshot = snapshot, CompactTo = compactTo });

    /// <summary>A snapshot's file; synced before the log may refer to it, so it survives from here on.</summary>
    internal void SaveFile(LogIndex index, byte[] file) => _files[index.Value] = file;

    internal byte[]? File(LogIndex index) => _files.GetValueOrDefault(index.Value);

    /// <summary>Deletes the files of snapshots that nobody can ask for any more.</summary>
    internal void DeleteFilesBelow(LogIndex index)
    {
        index = LogIndex.Min(index, BaseIndex);
        while (_files.Count > 0 && _files.GetKeyAtIndex(0) < index.Value) _files.RemoveAt(0);
    }

    /// <summary>The oldest pending write becomes durable.</summary>
    internal Completion Complete()
    {
        Write write = _pending[0];
        _pending.RemoveAt(0);
        Carry(write);
        return new Completion(write.Token, write.OwnSnapshot, write.CompactTo);
    }

    /// <summary>The power fails.</summary>
    /// <param name="survivors">How many of the pending writes had reached the disk without being acknowledged.</param>
    internal void Crash(int survivors)
    {
        for (int i = 0; i < survivors && i < _pending.Count; i++) Carry(_pending[i]);
        _pending.Clear();
    }

    /// <summary>The durable term at an index, if the disk holds it.</summary>
    internal bool TryTermAt(LogIndex index, out Term term)
    {
        term = default;
        if (index < BaseIndex || index > LastIndex) return false;
        term = index == BaseIndex ? Snapshot?.Term ?? Term.Zero : Entries[(int)(index - BaseIndex) - 1].Term;
        return true;
    }

    private void Carry(Write write)
    {
        if (write.OwnSnapshot is { } own && own.Index > BaseIndex)
        {
            if (own.Index > LastIndex) throw new InvariantViolationException($"A snapshot of {own.Index} is recorded, but the disk ends at {LastIndex}.");
            Entries.RemoveRange(0, (int)(own.Index - BaseIndex));
            Snapshot = own;
        }

        if (write.Restore is { } restore)
        {
            if (write.KeepsLog && restore.Index <= LastIndex) Entries.RemoveRange(0, (int)(restore.Index - BaseIndex));
            else Entries.Clear();
            Snapshot = restore;
        }

        HardState = write.HardState ?? HardState;
        if (write.Entries.Length == 0) return;
        int keep = (int)(write.Entries[0].Index - BaseIndex) - 1;
        if (keep < 0 || keep > Entries.Count)
            throw new InvariantViolationException($"Entry {write.Entries[0].Index} is written to a disk that holds {BaseIndex}..{LastIndex}.");
        Entries.RemoveRange(keep, Entries.Count - keep);
        Entries.AddRange(write.Entries);
    }
}
