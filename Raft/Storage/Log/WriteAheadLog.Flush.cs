namespace Quorleans.Raft.Storage;

public sealed partial class WriteAheadLog
{
    private readonly BatchWork _work;
    private readonly BatchBuffer _opening = new();
    private BatchBuffer _spareBuffer = new();
    private volatile bool _inFlight;
    private bool _sealNeeded;
    private long _durable;
    private long _generation;

    // The header checksum of the last batch. Written by whoever runs the batch, read only while none is in flight.
    private uint _lastCrc;

    /// <summary>Whether a batch is being written.</summary>
    public bool IsInFlight => _inFlight;

    /// <summary>
    /// Whether the last batch is durable but nothing on disk says so yet. When it stays so for up to 10 ms, call <see cref="Seal"/>:
    /// after that, damage to the batch is known for damage and not taken for a torn end.
    /// </summary>
    public bool NeedsSeal => _sealNeeded && !_inFlight && !HasPending && _failure is null && _corruption is null;

    /// <summary>Sends the batch being built on its way, unless one is in flight, nothing is pending, or there is no space for it.</summary>
    /// <returns>Whether it was sent; if not, call again after the next <see cref="Completed"/>.</returns>
    public bool TryFlush()
    {
        ThrowUnlessUsable();
        if (_inFlight) return false;
        Harvest();
        return HasPending && _failure is null && Send(BatchKind.Data);
    }

    /// <summary>Sends a small batch that says that everything before it is durable, when <see cref="NeedsSeal"/>.</summary>
    /// <returns>Whether it was sent.</returns>
    public bool Seal()
    {
        ThrowUnlessUsable();
        if (!NeedsSeal) return false;
        Harvest();
        return _failure is null && Send(BatchKind.Seal);
    }

    private bool Send(BatchKind kind)
    {
        LogSegment? segment = _current;
        bool opens = segment is null || segment.Remaining < _building.PaddedBytes;
        if (opens)
        {
            segment = Roll();
            if (segment is null) return false;
        }

        LogSegment target = segment!;
        _work.Prepare(kind, target, opens, _building);
        target.End += _building.PaddedBytes;
        target.LiveBytes += _buildingLiveBytes;
        _buildingLiveBytes = 0;
        CloseBatch();
        PendingSequence++;
        _sealNeeded = kind != BatchKind.Seal;
        (_building, _spareBuffer) = (_spareBuffer, _building);
        _building.Reset();
        _inFlight = true;
        Statistics.Sent();
        _executor.Execute(_work);
        return true;
    }

    /// <summary>What the batch did to groups and segments now counts as closed: a later opening states it.</summary>
    private void CloseBatch()
    {
        foreach (LogSegment segment in _segments)
        {
            segment.LiveBytes -= segment.DyingBytes;
            segment.DyingBytes = 0;
        }

        foreach (LogGroup group in _touched)
        {
            group.IsTouched = false;
            if (group.IsRemoved) _closedGroups.Remove(group);
            else if (!group.IsClosed) _closedGroups.Add(group);
            group.IsClosed = true;
            group.ClosedHardState = group.HardState;
            group.ClosedSnapshot = group.Snapshot;
            group.ClosedSnapshotFile = group.SnapshotFile;
        }

        _touched.Clear();
    }

    /// <summary>Called by the executor.</summary>
    private void OnWritten(DiskException? error)
    {
        if (error is null) Volatile.Write(ref _durable, _work.Sequence);
        else _failure ??= error;

        // Last, since it gives the buffers and segments back to the owner.
        _inFlight = false;
        Completed?.Invoke(new LogCompletion(DurableSequence, _failure));
    }

    /// <summary>A batch on its way to disk, with the opening before it when it is a segment's first.</summary>
    private sealed class BatchWork(WriteAheadLog log) : LogWork
    {
        private BatchKind _kind;
        private LogSegment _segment = null!;
        private BatchBuffer _buffer = null!;
        private long _offset;
        private long _mark;
        private bool _opens;
        private DiskException? _error;
        private TimeSpan _write;
        private TimeSpan _sync;

        internal long Sequence { get; private set; }

        internal void Prepare(BatchKind kind, LogSegment segment, bool opens, BatchBuffer buffer)
        {
            _kind = kind;
            _segment = segment;
            _opens = opens;
            _buffer = buffer;
            _offset = segment.End;
            _mark = log.DurableSequence;
            _error = null;
            Sequence = log.PendingSequence;
        }

        public override void Run()
        {
            TimeProvider time = log._options.Time;
            long start = time.GetTimestamp();
            try
            {
                if (_opens) Write(BatchKind.Opening, log._opening, 0);
                Write(_kind, _buffer, _offset);
                long written = time.GetTimestamp();
                _segment.File.Sync();
                _write = time.GetElapsedTime(start, written);
                _sync = time.GetElapsedTime(written);
            }
            catch (DiskException error)
            {
                _error = error;
            }
        }

        public override void Complete()
        {
            if (_error is null) log.Statistics.Done(_buffer.PaddedBytes + (_opens ? log._opening.PaddedBytes : 0), _opens, _write, _sync);
            log.OnWritten(_error);
        }

        private void Write(BatchKind kind, BatchBuffer buffer, long offset)
        {
            // The checksums are made here and not when the batch is closed, to take them off the owner's loop.
            ReadOnlySpan<byte> body = buffer.Body;
            BatchHeader header = new(kind, _segment.Generation, Sequence, _mark, body.Length, log._lastCrc, Crc32C.Append(log._salt.Seed, body));
            log._lastCrc = header.Write(buffer.Header, log._salt);
            _segment.File.Write(offset, buffer.Padded());
        }
    }
}
