namespace Quorleans.Raft.Storage;

public sealed partial class WriteAheadLog
{
    private const int FreeKept = 2;

    // What was in use is soon needed again: a log grows until the next snapshot of its groups, and then shrinks. To delete a segment and make another one, 16 MiB of
    // zeros with a sync, would hold up every batch meanwhile.
    private const int FreeKeptAtMost = 8;
    private static readonly TimeSpan FullRetry = TimeSpan.FromSeconds(1);

    // Segments in use, oldest first; the last is the current one. Free ones hold nothing that is needed.
    private readonly List<LogSegment> _segments = [];
    private readonly List<LogSegment> _free = [];
    private LogSegment? _current;
    private int _nextNumber = 1;

    // Segments before this generation may be used again once the batch that says so is durable.
    private long _obsoleteBelow;
    private long _obsoleteAfter;

    // Space being prepared: one at a time. The executor writes the outcome, then clears the flag.
    private volatile bool _preparing;
    private LogSegment? _prepared;
    private DiskException? _prepareError;
    private volatile bool _isFull;
    private long _fullSince;

    /// <summary>Files in use, for status pages.</summary>
    public int SegmentCount => _segments.Count;

    /// <summary>Encoded bytes of all live entries.</summary>
    public long LiveBytes
    {
        get
        {
            long bytes = _buildingLiveBytes;
            foreach (LogSegment segment in _segments) bytes += segment.LiveBytes - segment.DyingBytes;
            return bytes;
        }
    }

    /// <summary>
    /// Entries that hold back the oldest segment while the log takes much more files than its live entries need: an idle group's,
    /// usually. The owner writes them again from memory with <see cref="Rewrite"/>, in bounded steps. Empty most of the time, and
    /// then cheap. The work is bounded: it is asked for only while less than half of what lies beyond
    /// <see cref="WalOptions.SegmentsBehind"/> segments is live.
    /// </summary>
    public IReadOnlyList<Laggard> Laggards()
    {
        int oldest = 0;
        while (oldest < _segments.Count && _segments[oldest].LiveBytes <= _segments[oldest].DyingBytes) oldest++;
        long needed = (LiveBytes + _options.SegmentBytes - 1) / _options.SegmentBytes;
        if (_segments.Count - oldest <= _options.SegmentsBehind + 2 * needed) return [];

        // On a full disk what is left is for votes, unless the oldest fits into it and so frees a file.
        if (_isFull && _segments[oldest].LiveBytes + _building.Position + _options.ReservedBytes > RoomLeft()) return [];
        long before = _segments[oldest + 1].FirstSequence;
        List<Laggard> laggards = [];
        foreach (LogGroup group in _groups.Values)
        {
            LogIndex? first = null;
            for (LogIndex index = group.FirstIndex; index <= group.LastIndex; index = index.Next)
            {
                bool lags = group.SequenceOf(index) < before;
                if (lags) first ??= index;
                if (first is not { } begun || (lags && index < group.LastIndex)) continue;
                laggards.Add(new Laggard(group, begun, lags ? index : index.Previous));
                first = null;
            }
        }

        return laggards;
    }

    private LogSegment SegmentOf(long sequence)
    {
        int i = _segments.Count - 1;
        while (i > 0 && _segments[i].FirstSequence > sequence) i--;
        return _segments[i];
    }

    private long RoomLeft()
    {
        long room = Math.Max(0, _current?.Remaining ?? 0);
        foreach (LogSegment free in _free) room = Math.Max(room, free.Size - OpeningRoom());
        return room;
    }

    /// <summary>Begins the next segment with an opening; its batch is the next to be sent.</summary>
    /// <returns>Null when there is no space yet.</returns>
    private LogSegment? Roll()
    {
        long oldestLive = _generation + 1;
        foreach (LogSegment segment in _segments)
        {
            if (segment.LiveBytes == 0) continue;
            oldestLive = segment.Generation;
            break;
        }

        WriteOpening(oldestLive);
        long needed = (long)_opening.PaddedBytes + _building.PaddedBytes;
        int found = _free.FindIndex(free => free.Size >= needed);
        if (found < 0)
        {
            Prepare(needed);
            return null;
        }

        LogSegment next = _free[found];
        _free.RemoveAt(found);
        next.Generation = ++_generation;
        next.FirstSequence = PendingSequence;
        next.End = _opening.PaddedBytes;
        next.LiveBytes = next.DyingBytes = 0;
        _segments.Add(next);
        _current = next;
        _obsoleteBelow = oldestLive;
        _obsoleteAfter = PendingSequence;
        return next;
    }

    /// <summary>States all groups as of the last closed batch, so that the segment can be read on its own.</summary>
    private void WriteOpening(long oldestLive)
    {
        _opening.Reset();
        LogRecords.WriteSegment(_opening, _nextGroup, oldestLive, _segments.Count == 0 ? 0 : _segments[^1].Generation, _closedGroups.Count);
        foreach (LogGroup group in _closedGroups)
        {
            LogRecords.WriteOpen(_opening, group.Number, group.Id, group.Self, group.Initial);
            LogRecords.WriteHardState(_opening, group.Number, group.ClosedHardState);
            if (group.ClosedSnapshot is { } snapshot)
                LogRecords.WriteSnapshot(_opening, group.Number, snapshot, group.ClosedSnapshotFile!, installed: false);
        }
    }

    private long OpeningRoom() => Math.Max(_opening.PaddedBytes, BatchBuffer.PageBytes) + BatchBuffer.PageBytes;

    /// <summary>Takes in what executors finished, frees what became obsolete, and keeps one segment prepared ahead.</summary>
    private void Harvest()
    {
        if (_obsoleteBelow != 0 && DurableSequence >= _obsoleteAfter) Recycle();
        if (_preparing) return;
        if (_prepared is { } prepared)
        {
            _prepared = null;
            _free.Add(prepared);
            _isFull = false;
        }

        if (_prepareError is { } error)
        {
            _prepareError = null;
            if (error is DiskFullException)
            {
                _isFull = true;
                _fullSince = _options.Time.GetTimestamp();
            }
            else
            {
                _failure ??= error;
                return;
            }
        }

        if (_free.Count == 0) Prepare(_options.SegmentBytes);
    }

    private void Recycle()
    {
        int kept = Math.Clamp(_segments.Count, FreeKept, FreeKeptAtMost);
        while (_segments.Count > 1 && _segments[0].Generation < _obsoleteBelow)
        {
            LogSegment old = _segments[0];
            _segments.RemoveAt(0);
            old.Generation = 0;
            if (_free.Count < kept && old.Size == _options.SegmentBytes)
            {
                _free.Add(old);
                _isFull = false;
                continue;
            }

            _executor.ExecuteAside(new DeleteWork(this, old));
        }

        _obsoleteBelow = 0;
    }

    private void Prepare(long bytes)
    {
        if (_preparing || _failure is not null) return;
        if (_isFull && _options.Time.GetElapsedTime(_fullSince) < FullRetry) return;
        _preparing = true;
        _executor.ExecuteAside(new PrepareWork(this, _nextNumber++, Math.Max(bytes, _options.SegmentBytes)));
    }

    private sealed class PrepareWork(WriteAheadLog log, int number, long bytes) : LogWork
    {
        private LogSegment? _segment;
        private DiskException? _error;

        public override void Run()
        {
            try
            {
                _segment = new LogSegment(log._disk.Allocate(LogSegmentNames.Format(number), bytes), number, bytes);
            }
            catch (DiskException error)
            {
                _error = error;
            }
        }

        public override void Complete()
        {
            log._prepared = _segment;
            log._prepareError = _error;
            log._preparing = false;
            log.Completed?.Invoke(new LogCompletion(log.DurableSequence, log._failure));
        }
    }

    private sealed class DeleteWork(WriteAheadLog log, LogSegment segment) : LogWork
    {
        public override void Run()
        {
            segment.File.Dispose();
            try
            {
                log._disk.Delete(LogSegmentNames.Format(segment.Number));
            }
            catch (DiskException)
            {
                // The file only takes space; the next start finds it unused and takes or deletes it.
            }
        }

        public override void Complete()
        {
        }
    }
}
