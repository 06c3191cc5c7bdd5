using System.Numerics;

namespace Quorleans.Simulation;

/// <summary>
/// A file's bytes, as read and as durable, and which sectors differ. In pages, since logs are large files of zeros of which little is written: a page
/// that is null is all zeros, and a page that both sides share is copied before it is written.
/// </summary>
internal sealed class SimulatedInode
{
    private const int SectorBytes = 512;
    private const int PageBytes = 4096;
    private const int SectorsInPage = PageBytes / SectorBytes;
    private byte[]?[] _cached = [];
    private byte[]?[] _durable = [];
    private byte[] _unsynced = []; // a bit for each sector of a page
    private long _durableLength;

    internal long Length { get; private set; }

    internal byte[] Copy()
    {
        byte[] bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }

    internal int Read(long offset, Span<byte> destination)
    {
        if (offset >= Length) return 0;
        if (destination.Length > Length - offset) destination = destination[..(int)(Length - offset)];
        int read = destination.Length;
        while (destination.Length > 0)
        {
            int at = (int)(offset % PageBytes), part = Math.Min(PageBytes - at, destination.Length);
            if (_cached[offset / PageBytes] is { } page) page.AsSpan(at, part).CopyTo(destination);
            else destination[..part].Clear();
            destination = destination[part..];
            offset += part;
        }

        return read;
    }

    internal void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Grow(offset + bytes.Length);
        while (bytes.Length > 0)
        {
            int index = (int)(offset / PageBytes), at = (int)(offset % PageBytes), part = Math.Min(PageBytes - at, bytes.Length);
            ReadOnlySpan<byte> written = bytes[..part];
            if (_cached[index] is not null || written.ContainsAnyExcept((byte)0)) written.CopyTo(part == PageBytes ? Fresh(index) : Own(_cached, _durable, index).AsSpan(at));
            for (int sector = at / SectorBytes; sector * SectorBytes < at + part; sector++) _unsynced[index] |= (byte)(1 << sector);
            bytes = bytes[part..];
            offset += part;
        }
    }

    /// <summary>Writes zeros at the beginning of a file that has nothing yet.</summary>
    internal void WriteZeros(long bytes)
    {
        Grow(bytes);
        for (long sector = 0; sector * SectorBytes < bytes; sector++) _unsynced[sector / SectorsInPage] |= (byte)(1 << (int)(sector % SectorsInPage));
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
        for (int page = 0; page < _unsynced.Length; page++)
            if (_unsynced[page] != 0) Persist(page, _unsynced[page]);
        _durableLength = Math.Max(_durableLength, Length);
        Array.Clear(_unsynced);
    }

    internal void SyncSome(Random random)
    {
        for (int page = 0; page < _unsynced.Length; page++)
        {
            byte chosen = 0;
            for (int sector = 0; sector < SectorsInPage; sector++)
                if ((_unsynced[page] & (1 << sector)) != 0 && random.Next(2) == 0) chosen |= (byte)(1 << sector);
            if (chosen == 0) continue;
            Persist(page, chosen);
            _unsynced[page] ^= chosen;
            long end = ((long)page * PageBytes) + ((BitOperations.Log2(chosen) + 1L) * SectorBytes);
            _durableLength = Math.Max(_durableLength, Math.Min(end, Length));
        }
    }

    /// <summary>What a failed sync does: the sectors count as clean and never reach the disk.</summary>
    internal void DropUnsynced() => Array.Clear(_unsynced);

    internal void Crash(UnsyncedFate fate, Random random)
    {
        if (fate == UnsyncedFate.Random) SyncSome(random);
        Array.Clear(_unsynced);
        Length = _durableLength;
        int pages = (int)((Length + PageBytes - 1) / PageBytes);
        Array.Resize(ref _unsynced, pages);
        Array.Resize(ref _durable, pages);
        _cached = (byte[]?[])_durable.Clone();
    }

    internal void Flip(long offset, byte flip)
    {
        int page = (int)(offset / PageBytes), at = (int)(offset % PageBytes);
        bool shared = ReferenceEquals(_cached[page], _durable[page]);
        (_cached[page] = (byte[]?)_cached[page]?.Clone() ?? new byte[PageBytes])[at] ^= flip;
        if (offset >= _durableLength) return;
        if (shared) _durable[page] = _cached[page];
        else (_durable[page] = (byte[]?)_durable[page]?.Clone() ?? new byte[PageBytes])[at] ^= flip;
    }

    private void Grow(long length)
    {
        if (length <= Length) return;
        Length = length;
        int pages = checked((int)((length + PageBytes - 1) / PageBytes));
        if (pages <= _cached.Length) return;
        Array.Resize(ref _cached, pages);
        Array.Resize(ref _durable, pages);
        Array.Resize(ref _unsynced, pages);
    }

    private void Persist(int page, byte sectors)
    {
        if (ReferenceEquals(_durable[page], _cached[page])) return;
        if (sectors == 0xFF)
        {
            _durable[page] = _cached[page];
            return;
        }

        byte[] kept = Own(_durable, _cached, page);
        for (int sector = 0; sector < SectorsInPage; sector++)
        {
            if ((sectors & (1 << sector)) == 0) continue;
            Span<byte> into = kept.AsSpan(sector * SectorBytes, SectorBytes);
            if (_cached[page] is { } from) from.AsSpan(sector * SectorBytes, SectorBytes).CopyTo(into);
            else into.Clear();
        }
    }

    /// <summary>A page to be written whole: nothing of what it was is needed.</summary>
    private Span<byte> Fresh(int page)
    {
        if (_cached[page] is { } bytes && !ReferenceEquals(bytes, _durable[page])) return bytes;
        return _cached[page] = GC.AllocateUninitializedArray<byte>(PageBytes);
    }

    /// <summary>A side's own copy of a page, to be written to.</summary>
    private static byte[] Own(byte[]?[] side, byte[]?[] other, int page)
    {
        byte[]? bytes = side[page];
        if (bytes is null) return side[page] = new byte[PageBytes];
        if (ReferenceEquals(bytes, other[page])) return side[page] = (byte[])bytes.Clone();
        return bytes;
    }
}
