namespace Quorleans.Raft.Tests;

/// <summary>Pieces a snapshot together from chunks that may come twice, late, or of another snapshot.</summary>
internal sealed class ChunkAssembler
{
    private SnapshotMetadata? _snapshot;
    private byte[] _file = [];
    private int _length;
    private RaftMessage? _last;

    /// <summary>Whether the chunk just received was the one that completed the file.</summary>
    internal bool JustCompleted { get; private set; }

    /// <summary>Takes in a chunk.</summary>
    /// <returns>The offset wanted next; null when the file is whole, and its loading is under way.</returns>
    internal long? Receive(RaftMessage chunk)
    {
        JustCompleted = false;
        if (_snapshot is null || _snapshot.Index != chunk.Snapshot!.Index || _snapshot.Term != chunk.Snapshot.Term)
        {
            // While one is being loaded, an older one is of no use.
            if (_last is not null && _snapshot!.Index > chunk.Snapshot!.Index) return 0;
            (_snapshot, _file, _length, _last) = (chunk.Snapshot, new byte[chunk.TotalBytes], 0, null);
        }

        if (chunk.Offset == _length && _length < _file.Length)
        {
            chunk.Data.Span.CopyTo(_file.AsSpan(_length));
            _length += chunk.Data.Length;
        }

        if (_length < _file.Length) return _length;
        JustCompleted = _last is null;
        _last = chunk; // the newest request gets the answer
        return null;
    }

    internal (RaftMessage Request, byte[] File)? TakeLoaded()
    {
        if (_last is null) return null;
        (RaftMessage, byte[]) loaded = (_last, _file);
        (_snapshot, _file, _length, _last) = (null, [], 0, null);
        return loaded;
    }
}
