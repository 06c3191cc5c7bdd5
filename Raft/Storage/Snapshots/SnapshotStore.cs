using System.Globalization;

namespace Quorleans.Raft.Storage;

/// <summary>
/// A node's snapshot files. A file appears under its name only when it is whole and durable; the log then refers to it
/// (<see cref="WriteAheadLog.SnapshotTaken"/>), so that state and snapshot cannot disagree. Any thread may call; each writer, reader
/// and receiver belongs to one at a time.
/// </summary>
public sealed class SnapshotStore
{
    /// <summary>The newest format of a snapshot's file that this program knows, and the one that it writes.</summary>
    public const int Format = SnapshotFormat.Format;

    private const string Prefix = "snapshot-", Suffix = ".snap", TemporarySuffix = ".tmp";
    private readonly IDisk _disk;
    private long _ordinal;

    /// <summary>Takes a node's directory.</summary>
    /// <param name="disk">The directory.</param>
    /// <exception cref="DiskException">It cannot be listed.</exception>
    public SnapshotStore(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        _disk = disk;
        foreach (string name in disk.List()) _ordinal = Math.Max(_ordinal, OrdinalOf(name));
    }

    /// <summary>The largest chunk that <see cref="SnapshotReader.ReadChunk"/> gives, in bytes.</summary>
    public const int MaximumChunkBytes = 1 << 20;

    /// <summary>Begins a snapshot of this node's own state.</summary>
    /// <param name="group">The group.</param>
    /// <param name="metadata">What it covers.</param>
    /// <exception cref="DiskException">The file cannot be written.</exception>
    public SnapshotWriter Create(GroupId group, SnapshotMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string name = Name(group, metadata);
        return new SnapshotWriter(_disk, _disk.Create(name + TemporarySuffix), name, group, metadata);
    }

    /// <summary>Begins to receive a snapshot from another node.</summary>
    /// <param name="group">The group.</param>
    /// <param name="metadata">What it covers, as the leader announced it.</param>
    /// <exception cref="DiskException">The file cannot be written.</exception>
    public SnapshotReceiver Receive(GroupId group, SnapshotMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string name = Name(group, metadata);
        return new SnapshotReceiver(_disk, _disk.Create(name + TemporarySuffix), name, group, metadata);
    }

    /// <summary>Opens a snapshot.</summary>
    /// <param name="file">Its name, as the log has it.</param>
    /// <param name="verify">Whether to read and check all of it now; otherwise blocks are checked as they are read.</param>
    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    /// <exception cref="DiskException">There is none, or it cannot be read.</exception>
    public SnapshotReader Open(string file, bool verify = true)
    {
        SnapshotReader reader = new(_disk.Open(file));
        try
        {
            if (verify) reader.Verify();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Deletes a snapshot that the log no longer refers to (durably so). Open readers go on.</summary>
    /// <param name="file">Its name. It is no error when there is none.</param>
    public void Delete(string file) => _disk.Delete(file);

    /// <summary>Deletes every snapshot and half-written file that the log does not refer to. For the start, before any is opened.</summary>
    /// <param name="referenced">The names in <see cref="LogRecovery.Groups"/>.</param>
    public void DeleteUnreferenced(IEnumerable<string> referenced)
    {
        HashSet<string> kept = new(referenced, StringComparer.Ordinal);
        foreach (string name in _disk.List())
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || kept.Contains(name)) continue;
            if (name.EndsWith(Suffix, StringComparison.Ordinal) || name.EndsWith(TemporarySuffix, StringComparison.Ordinal)) _disk.Delete(name);
        }
    }

    /// <summary>
    /// No two snapshots of a directory bear one name, not even an own one and a received one of the same index: who deletes what
    /// it no longer needs must never hit another's.
    /// </summary>
    private string Name(GroupId group, SnapshotMetadata metadata) => string.Create(CultureInfo.InvariantCulture,
        $"{Prefix}{group.Name}-{group.Incarnation}-{metadata.Index.Value}-{metadata.Term.Value}-{Interlocked.Increment(ref _ordinal)}{Suffix}");

    private static long OrdinalOf(string name)
    {
        int end = name.IndexOf(Suffix, StringComparison.Ordinal);
        if (end < 0 || !name.StartsWith(Prefix, StringComparison.Ordinal)) return 0;
        int begin = name.LastIndexOf('-', end) + 1;
        return long.TryParse(name.AsSpan(begin, end - begin), NumberStyles.None, CultureInfo.InvariantCulture, out long ordinal) ? ordinal : 0;
    }

    /// <summary>Gives a whole file its name, durably.</summary>
    internal static void Publish(IDisk disk, IDiskFile file, string name)
    {
        file.Sync();
        disk.Rename(file.Name, name);
        disk.SyncDirectory();
    }

    /// <summary>Deletes a file that was given up; what cannot be deleted now goes at the next start.</summary>
    internal static void Discard(IDisk disk, IDiskFile file)
    {
        file.Dispose();
        try
        {
            disk.Delete(file.Name);
        }
        catch (DiskException)
        {
            // It only takes space.
        }
    }
}
