using System.Buffers;

namespace Quorleans.Raft.Storage;

public sealed partial class WriteAheadLog
{
    /// <summary>
    /// Opens the log of a node's directory, or begins one. Reads everything; writes nothing new but zeros for a first segment, except that the last batch, when
    /// nothing proves it durable, is written again in its place and synced before it is relied on: it may stand in the page
    /// cache only. So opening may be interrupted and repeated at any point.
    /// </summary>
    /// <param name="disk">The directory.</param>
    /// <param name="options">How the log is kept.</param>
    /// <param name="executor">Who carries out its I/O.</param>
    /// <param name="recovery">What it held. When it says corrupt, the log takes nothing.</param>
    /// <exception cref="DiskException">The files cannot be read or synced.</exception>
    public static WriteAheadLog Open(IDisk disk, WalOptions options, ILogExecutor executor, out LogRecovery recovery)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(executor);
        options.Validate();
        WriteAheadLog log = new(disk, options, executor);
        List<ScannedFile> files = [];
        try
        {
            foreach (string name in disk.List())
                if (LogSegmentNames.TryParse(name, out int number)) files.Add(LogScan.Scan(disk.Open(name), number, log._salt));
            recovery = log.Recover(files);
            return log;
        }
        catch
        {
            foreach (ScannedFile file in files) file.File.Dispose();
            log.Dispose();
            throw;
        }
    }

    private LogRecovery Recover(List<ScannedFile> files)
    {
        LogChain chain = LogChain.Build(files);
        LogReplay replay = new();
        LogCorruption? corruption = chain.Corruption ?? Replay(chain, replay);
        List<RecoveredGroup> groups = [];
        if (corruption is null)
        {
            Adopt(chain, files);
            corruption = Adopt(replay, groups, files);
        }

        if (corruption is not null)
        {
            _corruption = corruption;
            foreach (ScannedFile file in files) file.File.Dispose();
            return new LogRecovery { Groups = [], Corruption = corruption };
        }

        MakeSure(chain);

        // The names too: a file that a killed process created may stand in the cache only.
        _disk.SyncDirectory();
        TornBatch? torn = IsTorn(chain) ? chain.Torn : null;
        PrepareFirst(files);
        return new LogRecovery { Groups = groups, Torn = torn, IsEmpty = chain.Segments.Count == 0 };
    }

    /// <summary>Tells the remains of a batch from the bytes of a former use of the file.</summary>
    private bool IsTorn(LogChain chain)
    {
        if (chain.Torn is not { } torn) return false;
        Span<byte> page = stackalloc byte[BatchHeader.Bytes];
        ScannedFile file = chain.Segments[^1].File;
        int read = file.File.Read(torn.Offset, page);
        return BatchHeader.Read(page[..read], _salt, out BatchHeader header, out _) == HeaderReading.Valid
            && header.Generation == file.Generation && header.Sequence == torn.Sequence;
    }

    private static LogCorruption? Replay(LogChain chain, LogReplay replay)
    {
        foreach ((ScannedFile file, List<ScannedBatch> batches) in chain.Segments)
        {
            foreach (ScannedBatch batch in batches)
            {
                byte[] body = ArrayPool<byte>.Shared.Rent(batch.Header.Length);
                try
                {
                    Span<byte> records = body.AsSpan(0, batch.Header.Length);
                    if (file.File.Read(batch.Offset + BatchHeader.Bytes, records) != records.Length)
                        return new LogCorruption(LogSegmentNames.Format(file.Number), batch.Offset, "the file became shorter while it was read");
                    if (replay.Apply(batch.Header, records) is { } wrong)
                        return new LogCorruption(LogSegmentNames.Format(file.Number), batch.Offset, wrong);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(body);
                }
            }
        }

        return null;
    }

    private void Adopt(LogChain chain, List<ScannedFile> files)
    {
        foreach ((ScannedFile file, List<ScannedBatch> batches) in chain.Segments)
            _segments.Add(new LogSegment(file.File, file.Number, file.Length)
            {
                Generation = file.Generation, FirstSequence = batches[0].Header.Sequence, End = file.Length,
            });
        foreach (ScannedFile file in files)
        {
            _nextNumber = Math.Max(_nextNumber, file.Number + 1);

            // Above every generation ever seen, so that what an interrupted start left behind stays unmistakable.
            foreach (ScannedBatch batch in file.Batches) _generation = Math.Max(_generation, batch.Header.Generation);
        }

        _lastCrc = chain.LastCrc;
        _durable = chain.LastSequence;
        PendingSequence = chain.LastSequence + 1;
        _sealNeeded = chain.Mark < chain.LastSequence;
    }

    private LogCorruption? Adopt(LogReplay replay, List<RecoveredGroup> groups, List<ScannedFile> files)
    {
        _nextGroup = replay.NextGroup;
        List<LogReplay.Group> found = [.. replay.Groups];
        found.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        foreach (LogReplay.Group source in found)
        {
            List<LogEntry> entries = [];
            List<long> sequences = [];
            if (!source.TryList(entries, sequences))
                return new LogCorruption(LogSegmentNames.Format(files[0].Number), 0, $"entry {(source.Snapshot?.Index ?? LogIndex.Zero) + entries.Count + 1} of {source.Id} is missing");
            LogGroup group = new(this, source.Number, source.Id, source.Self, source.Initial)
            {
                HardState = source.HardState, Snapshot = source.Snapshot, SnapshotFile = source.SnapshotFile, IsClosed = true,
                ClosedHardState = source.HardState, ClosedSnapshot = source.Snapshot, ClosedSnapshotFile = source.SnapshotFile,
            };
            for (int i = 0; i < entries.Count; i++)
            {
                int bytes = LogRecords.EntryBytes + entries[i].Payload.Length;
                group.Push(sequences[i], bytes);
                SegmentOf(sequences[i]).LiveBytes += bytes;
            }

            _groups.Add(group.Id, group);
            _closedGroups.Add(group);
            groups.Add(new RecoveredGroup(group, entries));
        }

        return null;
    }

    /// <summary>Writes again and syncs what no mark proves durable.</summary>
    private static void MakeSure(LogChain chain)
    {
        if (chain.Segments.Count == 0) return;
        (ScannedFile file, List<ScannedBatch> batches) = chain.Segments[^1];
        bool wrote = false;
        foreach (ScannedBatch batch in batches)
        {
            if (batch.Header.Sequence <= chain.Mark) continue;
            byte[] bytes = new byte[batch.End - batch.Offset];
            file.File.Read(batch.Offset, bytes);
            file.File.Write(batch.Offset, bytes);
            wrote = true;
        }

        if (wrote) file.File.Sync();
    }

    /// <summary>Has a free segment ready, so that a full disk shows at once and not at the first write.</summary>
    private void PrepareFirst(List<ScannedFile> files)
    {
        foreach (ScannedFile file in files)
        {
            if (_segments.Exists(segment => segment.Number == file.Number)) continue;
            if (_free.Count < FreeKept && file.Length == _options.SegmentBytes)
            {
                _free.Add(new LogSegment(file.File, file.Number, file.Length));
                continue;
            }

            file.File.Dispose();
            _disk.Delete(LogSegmentNames.Format(file.Number));
        }

        if (_free.Count > 0) return;
        try
        {
            int number = _nextNumber++;
            _free.Add(new LogSegment(_disk.Allocate(LogSegmentNames.Format(number), _options.SegmentBytes), number, _options.SegmentBytes));
        }
        catch (DiskFullException)
        {
            _isFull = true;
            _fullSince = _options.Time.GetTimestamp();
        }
    }
}
