namespace Quorleans.Raft.Storage;

/// <summary>A snapshot being written. Dispose without <see cref="Commit"/> gives it up and deletes what there is.</summary>
public sealed class SnapshotWriter : IDisposable
{
    private const int WholeBytes = SnapshotFormat.BlockHeadBytes + SnapshotFormat.BlockBytes;
    private const int FirstBytes = 4096;
    private readonly IDisk _disk;
    private readonly IDiskFile _file;
    private readonly string _name;
    private byte[] _block = new byte[FirstBytes]; // grows to a whole block: many states are small
    private int _used = SnapshotFormat.BlockHeadBytes;
    private long _offset;
    private long _total;
    private uint _crc;
    private bool _committed;
    private bool _disposed;

    internal SnapshotWriter(IDisk disk, IDiskFile file, string name, GroupId group, SnapshotMetadata metadata)
    {
        _disk = disk;
        _file = file;
        _name = name;
        Body = new BodyStream(this);
        try
        {
            byte[] head = SnapshotFormat.EncodeHead(group, metadata, out _crc);
            file.Write(0, head);
            _offset = head.Length;
        }
        catch
        {
            SnapshotStore.Discard(disk, file);
            throw;
        }
    }

    /// <summary>Where the state machine writes its state. Write-only; throws <see cref="DiskException"/>.</summary>
    public Stream Body { get; }

    /// <summary>How many bytes of body were written.</summary>
    public long BodyLength => _total + _used - SnapshotFormat.BlockHeadBytes;

    /// <summary>Makes the snapshot durable under its name.</summary>
    /// <returns>The name, for <see cref="WriteAheadLog.SnapshotTaken"/>.</returns>
    /// <exception cref="DiskException">It could not be written; dispose the writer.</exception>
    public string Commit()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_committed) throw new InvalidOperationException("The snapshot is committed already.");
        WriteBlock();
        Span<byte> end = stackalloc byte[SnapshotFormat.EndBytes];
        SnapshotFormat.WriteEnd(end, _total, _crc);
        _file.Write(_offset, end);
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

    private void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed || _committed, this);
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, _block.Length - _used);
            bytes[..part].CopyTo(_block.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
            if (_used < _block.Length) return;
            if (_used == WholeBytes) WriteBlock();
            else Array.Resize(ref _block, Math.Min(WholeBytes, 4 * _used));
        }
    }

    private void WriteBlock()
    {
        if (_used == SnapshotFormat.BlockHeadBytes) return;
        Span<byte> block = _block.AsSpan(0, _used);
        SnapshotFormat.SealBlock(block, ref _crc);
        _file.Write(_offset, block);
        _offset += _used;
        _total += _used - SnapshotFormat.BlockHeadBytes;
        _used = SnapshotFormat.BlockHeadBytes;
    }

    private sealed class BodyStream(SnapshotWriter writer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => writer.BodyLength;

        public override long Position { get => writer.BodyLength; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer) => writer.Append(buffer);

        public override void Write(byte[] buffer, int offset, int count) => writer.Append(buffer.AsSpan(offset, count));

        public override void WriteByte(byte value) => writer.Append([value]);

        public override void Flush()
        {
            // Blocks are written when they are full; only Commit makes anything durable.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
