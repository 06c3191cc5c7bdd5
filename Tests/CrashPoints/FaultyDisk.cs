using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>How a disk operation fails.</summary>
internal enum DiskFault
{
    /// <summary>A write fails with EIO.</summary>
    Write,

    /// <summary>A sync of a file or of the directory fails with EIO; what was not synced is gone for good, as in Linux, and the next sync would succeed.</summary>
    Sync,

    /// <summary>A file cannot grow: ENOSPC.</summary>
    Full,
}

/// <summary>Has one operation of a kind fail, the n-th. Segments that exist do not grow, so a full disk does not hit writes into them.</summary>
internal sealed class FaultyDisk(SimulatedDisk disk, DiskFault fault, long at) : IDisk
{
    public string Path => disk.Path;

    /// <summary>How many operations could have failed so far.</summary>
    internal long Count { get; private set; }

    internal bool HasFailed => Count > at;

    public IReadOnlyList<string> List() => disk.List();

    public bool Exists(string name) => disk.Exists(name);

    public IDiskFile Open(string name) => new FaultyFile(this, disk.Open(name));

    public IDiskFile Create(string name) => new FaultyFile(this, disk.Create(name));

    public IDiskFile Allocate(string name, long bytes)
    {
        if (fault == DiskFault.Full && IsDue()) throw new DiskFullException("write", name, errno: 28);
        return new FaultyFile(this, fault == DiskFault.Sync ? Sync(() => disk.Allocate(name, bytes)) : disk.Allocate(name, bytes));
    }

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string name) => disk.Delete(name);

    public void SyncDirectory() => Sync(() =>
    {
        disk.SyncDirectory();
        return 0;
    });

    private bool IsDue() => Count++ == at;

    private T Sync<T>(Func<T> sync)
    {
        disk.FailSyncs = fault == DiskFault.Sync && IsDue();
        try
        {
            return sync();
        }
        finally
        {
            disk.FailSyncs = false;
        }
    }

    private sealed class FaultyFile(FaultyDisk disk, IDiskFile file) : IDiskFile
    {
        public string Name => file.Name;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            if (disk.IsWriteDue(growth: offset + source.Length > file.Length, out bool full))
                throw full ? new DiskFullException("write", Name, errno: 28) : new DiskException("write", Name, errno: 5);
            file.Write(offset, source);
        }

        public void Sync() => disk.Sync(() =>
        {
            file.Sync();
            return 0;
        });

        public void Dispose() => file.Dispose();
    }

    private bool IsWriteDue(bool growth, out bool full)
    {
        full = fault == DiskFault.Full;
        return (fault == DiskFault.Write || (full && growth)) && IsDue();
    }
}
