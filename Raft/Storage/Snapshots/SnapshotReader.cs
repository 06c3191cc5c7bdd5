namespace Quorleans.Raft.Storage;

/// <summary>An open snapshot. It stays readable when its file is replaced or deleted.</summary>
public sealed class SnapshotReader : IDisposable
{
    private readonly IDiskFile _file;
    private readonly long _bodyAt;
    private readonly uint _headCrc;

    internal SnapshotReader(IDiskFile file)
    {
        _file = file;
        try
        {
            Length = file.Length;
            _bodyAt = SnapshotFormat.ReadHead(file, out GroupId group, out SnapshotMetadata metadata, out _headCrc);
            Group = group;
            Metadata = metadata;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The group.</summary>
    public GroupId Group { get; }

    /// <summary>What it covers.</summary>
    public SnapshotMetadata Metadata { get; }

    /// <summary>The file's length in bytes, of which <see cref="ReadChunk"/> gives parts.</summary>
    public long Length { get; }

    /// <summary>Reads and checks all of it.</summary>
    /// <returns>The length of the body in bytes.</returns>
    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    public long Verify()
    {
        long offset = _bodyAt, total = 0;
        uint crc = _headCrc;
        byte[] buffer = [];
        while (SnapshotFormat.ReadBlock(_file, ref offset, ref crc, ref total, ref buffer) > 0)
        {
        }

        return total;
    }

    /// <summary>The state machine's bytes, from the beginning; each block is checked before any of it is given out.</summary>
    public Stream OpenBody() => new BodyStream(this);

    /// <summary>Reads a part of the file as it is, to be sent to another node's <see cref="SnapshotReceiver"/>.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="destination">At most <see cref="SnapshotStore.MaximumChunkBytes"/>.</param>
    /// <returns>How many bytes; the last chunk is the one that reaches <see cref="Length"/>.</returns>
    public int ReadChunk(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (destination.Length > SnapshotStore.MaximumChunkBytes) destination = destination[..SnapshotStore.MaximumChunkBytes];
        return offset >= Length ? 0 : _file.Read(offset, destination);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private sealed class BodyStream(SnapshotReader reader) : Stream
    {
        private long _offset = reader._bodyAt;
        private uint _crc = reader._headCrc;
        private long _total;
        private byte[] _buffer = [];
        private int _at;
        private int _length;
        private bool _ended;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _total - (_length - _at); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty) return 0;
            if (_at == _length)
            {
                if (_ended) return 0;
                _length = SnapshotFormat.ReadBlock(reader._file, ref _offset, ref _crc, ref _total, ref _buffer);
                _at = 0;
                if (_length == 0)
                {
                    _ended = true;
                    return 0;
                }
            }

            int part = Math.Min(buffer.Length, _length - _at);
            _buffer.AsSpan(_at, part).CopyTo(buffer);
            _at += part;
            return part;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
