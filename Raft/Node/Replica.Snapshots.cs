using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

// Snapshots: taking our own, sending one in chunks, receiving one. Files are read and written beside the loop; their ends come back as work.
internal sealed partial class Replica
{
    private readonly SortedList<LogIndex, string> _snapshotFiles = [];
    private readonly Queue<(long Batch, string File)> _superseded = new();
    private SnapshotReceiver? _receiver;
    private SnapshotMetadata? _receiving;
    private SnapshotReader? _sending;
    private string? _sendingFile;
    private long _receivingBytes;
    private bool _snapshotBusy;
    private bool _chunkBusy;
    private bool _sendBusy;
    private long _snapshotBytes;
    private string? _installedFile;

    private sealed record SnapshotTaken(SnapshotMetadata Snapshot, string File, long Bytes);

    private sealed record SnapshotFailed(Exception Reason);

    private sealed record ChunkTaken(RaftMessage Request, long NextOffset);

    private sealed record SnapshotLoaded(RaftMessage Request, string File, object State, long Bytes);

    private sealed record ChunkRead(RaftMessage? Message, RaftMessage Request);

    private void HandleSnapshotWork(object what)
    {
        switch (what)
        {
            case SnapshotTaken taken: OnTaken(taken); break;
            case SnapshotFailed failed:
                _snapshotBusy = false;
                _node.ReportSnapshotFailure(Core.Group, failed.Reason);
                break;
            case ChunkTaken taken:
                _chunkBusy = false;
                Core.OnSnapshotChunk(taken.Request, taken.NextOffset);
                break;
            case SnapshotLoaded loaded: OnLoaded(loaded); break;
            case ChunkRead read:
                _sendBusy = false;
                if (read.Message is null) Core.OnUnreachable(read.Request.To, read.Request.Sequence);
                else _node.SendRequest(this, read.Message);
                break;
            default: throw new InvalidOperationException($"Unknown work {what}.");
        }
    }

    /// <summary>Work beside the loop has ended for a replica that runs no more: nobody holds its files any longer.</summary>
    private void LetGo(object what)
    {
        switch (what)
        {
            case SnapshotTaken taken:
                _snapshotBusy = false;
                _node.Snapshots.Delete(taken.File);
                break;
            case SnapshotFailed: _snapshotBusy = false; break;
            case ChunkTaken: _chunkBusy = false; break;
            case SnapshotLoaded loaded:
                _chunkBusy = false;
                _node.Snapshots.Delete(loaded.File);
                break;
            case ChunkRead: _sendBusy = false; break;
            default: break;
        }
    }

    private const string SnapshotIsSlow = "The log is several times as long as it may become before a snapshot: the disk takes longer for one than the log to grow, or they fail.";

    private long BytesBeforeSnapshot => Math.Max(_node.Options.SnapshotThresholdBytes, (long)(_snapshotBytes * _node.Options.SnapshotGrowth));

    /// <summary>
    /// Whether snapshots do not keep up with the log, all of which is in memory: then it takes nothing more until they do. What is not applied yet is in no snapshot and
    /// has a limit of its own, so it comes on top.
    /// </summary>
    private bool LogIsTooLong => LogGroup.LiveBytes > (4 * BytesBeforeSnapshot) + (2 * _node.Options.Raft.MaxPendingBytes);

    private void ConsiderSnapshot()
    {
        if (_snapshotBusy || LogGroup.LiveBytes <= BytesBeforeSnapshot) return;
        if (Core.Applied <= (Core.Snapshot?.Index ?? LogIndex.Zero)) return;
        _snapshotBusy = true;
        SnapshotMetadata snapshot = Core.DescribeSnapshot();
        ISnapshotView view = Machine.Capture();
        _node.RunAside(this, cancel =>
        {
            try
            {
                using (view)
                {
                    using SnapshotWriter writer = _node.Snapshots.Create(Core.Group, snapshot);
                    view.WriteTo(writer.Body, cancel);
                    return new SnapshotTaken(snapshot, writer.Commit(), writer.BodyLength);
                }
            }
            catch (Exception e) when (e is DiskException or IOException or OperationCanceledException)
            {
                _node.StopIfDiskFailed(e);
                return new SnapshotFailed(e);
            }
        });
    }

    private void OnTaken(SnapshotTaken taken)
    {
        _snapshotBusy = false;
        if (Core.Snapshot is { } newer && newer.Index >= taken.Snapshot.Index)
        {
            _node.Snapshots.Delete(taken.File); // one that arrived meanwhile reaches further
            return;
        }

        _snapshotBytes = taken.Bytes;
        _node.Log.SnapshotTaken(LogGroup, taken.Snapshot, taken.File, installed: false);
        RememberSnapshot(taken.Snapshot.Index, taken.File);
        Core.OnSnapshotTaken(taken.Snapshot, KeepSome(taken.Snapshot.Index));
    }

    /// <summary>The last entry to forget so that about <see cref="RaftNodeOptions.RetainedBytes"/> stay for followers that are a little behind.</summary>
    private LogIndex KeepSome(LogIndex index)
    {
        long kept = 0;
        while (index > Core.Log.BaseIndex && (kept += Core.Log[index].Size) <= _node.Options.RetainedBytes) index = index.Previous;
        return index;
    }

    private void LogInstalledSnapshot(SnapshotMetadata snapshot, bool keepsLog)
    {
        string file = _installedFile ?? throw new InvariantViolationException($"Snapshot {snapshot.Index} is to be installed, but has no file.");
        _installedFile = null;
        _node.Log.SnapshotTaken(LogGroup, snapshot, file, installed: !keepsLog);
        RememberSnapshot(snapshot.Index, file);
    }

    private void RememberSnapshot(LogIndex index, string file)
    {
        // The older ones go when the log's reference to this one is durable, and nobody is being sent them.
        foreach (string old in _snapshotFiles.Values) _superseded.Enqueue((_node.Log.PendingSequence, old));
        LogIndex? inUse = Core.OldestSnapshotInUse;
        for (int i = _snapshotFiles.Count - 1; i >= 0; i--)
            if (inUse is null || _snapshotFiles.GetKeyAtIndex(i) < inUse) _snapshotFiles.RemoveAt(i);
        _snapshotFiles[index] = file;
    }

    /// <summary>Deletes files that neither the log nor a transfer refers to any more. Called at ticks.</summary>
    internal void CleanSnapshots()
    {
        while (!_sendBusy && _superseded.TryPeek(out (long Batch, string File) old) && old.Batch <= _node.Log.DurableSequence)
        {
            if (Core.OldestSnapshotInUse is { } inUse && _snapshotFiles.TryGetValue(inUse, out string? used) && used == old.File) return;
            _superseded.Dequeue();
            if (_sendingFile == old.File) CloseSending();
            _node.Snapshots.Delete(old.File);
        }
    }

    private void SendChunk(RaftMessage template)
    {
        SnapshotMetadata snapshot = template.Snapshot!;
        if (_sendBusy || !_snapshotFiles.TryGetValue(snapshot.Index, out string? file))
        {
            // Another follower's chunk is being read: this one's turn comes with the retry.
            Core.OnUnreachable(template.To, template.Sequence);
            return;
        }

        _sendBusy = true;
        _node.RunAside(this, _ =>
        {
            try
            {
                if (_sending is null || _sendingFile != file)
                {
                    CloseSending();
                    (_sending, _sendingFile) = (_node.Snapshots.Open(file), file);
                }

                byte[] chunk = new byte[Math.Min(_node.Options.SnapshotChunkBytes, Math.Max(0, _sending.Length - template.Offset))];
                int length = _sending.ReadChunk(template.Offset, chunk);
                return new ChunkRead(template.WithChunk(chunk.AsMemory(0, length), _sending.Length), template);
            }
            catch (Exception e) when (e is DiskException or IOException or SnapshotCorruptException)
            {
                _node.ReportSnapshotFailure(Core.Group, e);
                return new ChunkRead(null, template);
            }
        });
    }

    private void CloseSending()
    {
        _sending?.Dispose();
        (_sending, _sendingFile) = (null, null);
    }

    private void ReceiveChunk(RaftMessage chunk)
    {
        if (_chunkBusy)
        {
            Core.OnSnapshotChunk(chunk, _receiver?.NextOffset ?? 0);
            return;
        }

        SnapshotMetadata snapshot = chunk.Snapshot!;
        if (_receiver is null || _receiving is null || _receiving.Index != snapshot.Index || _receiving.Term != snapshot.Term || _receivingBytes != chunk.TotalBytes)
        {
            _receiver?.Dispose();
            (_receiver, _receiving, _receivingBytes) = (null, snapshot, chunk.TotalBytes);
        }

        _chunkBusy = true;
        _node.RunAside(this, cancel => TakeChunk(chunk, snapshot, cancel));
    }

    private object TakeChunk(RaftMessage chunk, SnapshotMetadata snapshot, CancellationToken cancel)
    {
        try
        {
            _receiver ??= _node.Snapshots.Receive(Core.Group, snapshot);
            long next = _receiver.Write(chunk.Offset, chunk.Data.Span);
            if (next < chunk.TotalBytes) return new ChunkTaken(chunk, next);
            string file = _receiver.Commit();
            using SnapshotReader read = _node.Snapshots.Open(file, verify: false); // Commit has verified it
            using Stream body = read.OpenBody();
            return new SnapshotLoaded(chunk, file, Machine.Load(body, cancel), read.Length);
        }
        catch (Exception e) when (e is DiskException or IOException or SnapshotCorruptException or InvalidDataException or OperationCanceledException)
        {
            _node.ReportSnapshotFailure(Core.Group, e);
            _node.StopIfDiskFailed(e);
            _receiver?.Dispose();
            _receiver = null;
            return new ChunkTaken(chunk, 0);
        }
    }

    private void OnLoaded(SnapshotLoaded loaded)
    {
        _chunkBusy = false;
        _receiver?.Dispose();
        (_receiver, _receiving) = (null, null);
        _installedFile = loaded.File;
        if (Core.OnSnapshotReceived(loaded.Request))
        {
            Machine.Install(loaded.State);
            _snapshotBytes = loaded.Bytes;
            return;
        }

        _installedFile = null;
        _node.Snapshots.Delete(loaded.File);
    }

    /// <summary>Deletes the files of a replica that the log does not have any more.</summary>
    /// <returns>False while some work beside the loop still holds one.</returns>
    internal bool TryDeleteFiles()
    {
        if (_sendBusy || _chunkBusy || _snapshotBusy) return false;
        CloseSnapshots();
        foreach (string file in _snapshotFiles.Values) _node.Snapshots.Delete(file);
        while (_superseded.TryDequeue(out (long Batch, string File) old)) _node.Snapshots.Delete(old.File);
        return true;
    }

    internal void CloseSnapshots()
    {
        _receiver?.Dispose();
        CloseSending();
    }
}
