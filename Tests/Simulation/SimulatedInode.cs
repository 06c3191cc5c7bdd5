namespace Quorleans.Simulation;

/// <summary>A file's bytes, as read and as durable, and which sectors differ.</summary>
internal sealed class SimulatedInode
{
    private const int SectorBytes = 512;
    private readonly SortedSet<long> _unsynced = [];
    private byte[] _cached = [];
    private byte[] _durable = [];

    internal long Length => _cached.Length;

    internal byte[] Copy() => (byte[])_cached.Clone();

    internal int Read(long offset, Span<byte> destination)
    {
        if (offset >= _cached.Length) return 0;
        ReadOnlySpan<byte> rest = _cached.AsSpan((int)offset);
        if (rest.Length > destination.Length) rest = rest[..destination.Length];
        rest.CopyTo(destination);
        return rest.Length;
    }

    internal void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset + bytes.Length > _cached.Length) Array.Resize(ref _cached, checked((int)(offset + bytes.Length)));
        bytes.CopyTo(_cached.AsSpan((int)offset));
        for (long sector = offset / SectorBytes; sector * SectorBytes < offset + bytes.Length; sector++) _unsynced.Add(sector);
    }

    internal void WriteSome(long offset, ReadOnlySpan<byte> bytes, Random random)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int part = Math.Min(bytes.Length - at, SectorBytes - (int)((offset + at) % SectorBytes));
            if (random.Next(2) == 0) Write(offset + at, bytes.Slice(at, part));
            at += part;
        }
    }

    internal void Sync()
    {
        if (_durable.Length < _cached.Length) Array.Resize(ref _durable, _cached.Length);
        foreach (long sector in _unsynced) Persist(sector);
        _unsynced.Clear();
    }

    internal void SyncSome(Random random)
    {
        foreach (long sector in _unsynced.Where(_ => random.Next(2) == 0).ToArray())
        {
            Persist(sector);
            _unsynced.Remove(sector);
        }
    }

    /// <summary>What a failed sync does: the sectors count as clean and never reach the disk.</summary>
    internal void DropUnsynced() => _unsynced.Clear();

    internal void Crash(UnsyncedFate fate, Random random)
    {
        if (fate == UnsyncedFate.Random) SyncSome(random);
        _unsynced.Clear();
        _cached = (byte[])_durable.Clone();
    }

    internal void Flip(long offset, byte flip)
    {
        _cached[offset] ^= flip;
        if (offset < _durable.Length) _durable[offset] ^= flip;
    }

    private void Persist(long sector)
    {
        int start = (int)(sector * SectorBytes);
        int end = Math.Min(start + SectorBytes, _cached.Length);
        if (_durable.Length < end) Array.Resize(ref _durable, end);
        _cached.AsSpan(start, end - start).CopyTo(_durable.AsSpan(start));
    }
}
