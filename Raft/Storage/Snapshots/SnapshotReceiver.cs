namespace Quorleans.Raft.Storage;

/// <summary>
/// A snapshot being received in chunks. Chunks may be repeated or come out of order: only the next one is taken, so the sender
/// resumes from <see cref="NextOffset"/>. Dispose without <see cref="Commit"/> gives it up.
/// </summary>
public sealed class SnapshotReceiver : IDisposable
{
    private readonly IDisk _disk;
    private readonly IDiskFile _file;
    private readonly string _name;
    private bool _committed;
    private bool _disposed;

    internal SnapshotReceiver(IDisk disk, IDiskFile file, string name, GroupId group, SnapshotMetadata metadata)
    {
        _disk = disk;
        _file = file;
        _name = name;
        Group = group;
        Metadata = metadata;
    }

    /// <summary>The group.</summary>
    public GroupId Group { get; }

    /// <summary>What the snapshot covers, as announced.</summary>
    public SnapshotMetadata Metadata { get; }

    /// <summary>The offset of the chunk that is needed next.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Takes a chunk. What lies before <see cref="NextOffset"/> is skipped; one that begins after it is ignored.</summary>
    /// <param name="offset">Its offset in the sender's file.</param>
    /// <param name="bytes">Its bytes, at most <see cref="SnapshotStore.MaximumChunkBytes"/>.</param>
    /// <returns><see cref="NextOffset"/>.</returns>
    /// <exception cref="DiskException">It cannot be written.</exception>
    public long Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed || _committed, this);
        if (offset < 0 || offset > NextOffset || bytes.Length > SnapshotStore.MaximumChunkBytes || offset + bytes.Length <= NextOffset) return NextOffset;
        bytes = bytes[(int)(NextOffset - offset)..];
        _file.Write(NextOffset, bytes);
        NextOffset += bytes.Length;
        return NextOffset;
    }

    /// <summary>Checks all that was received and makes it durable under its name.</summary>
    /// <returns>The name, for <see cref="WriteAheadLog.SnapshotTaken"/>.</returns>
    /// <exception cref="SnapshotCorruptException">It is damaged, incomplete, or not the snapshot that was announced; begin again.</exception>
    /// <exception cref="DiskException">It could not be written.</exception>
    public string Commit()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed) throw new InvalidOperationException("The snapshot is committed already.");
        long offset = SnapshotFormat.ReadHead(_file, out GroupId group, out SnapshotMetadata metadata, out uint crc), total = 0;
        if (group != Group || metadata != Metadata)
            throw new SnapshotCorruptException(_file.Name, 0, $"it is of {group} at {metadata.Index}, announced was {Group} at {Metadata.Index}");
        byte[] buffer = [];
        while (SnapshotFormat.ReadBlock(_file, ref offset, ref crc, ref total, ref buffer) > 0)
        {
        }

        SnapshotStore.Publish(_disk, _file, _name);
        _committed = true;
        return _name;
    }

    /// <summary>Closes the file; gives it up when it was not committed.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_committed) _file.Dispose();
        else SnapshotStore.Discard(_disk, _file);
    }
}
