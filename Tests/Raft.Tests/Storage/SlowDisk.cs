using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Tests;

/// <summary>A disk whose writes and syncs take virtual time.</summary>
internal sealed class SlowDisk(IDisk disk, FakeTimeProvider time, TimeSpan write, TimeSpan sync) : IDisk
{
    /// <summary>How long a sync takes from now on.</summary>
    public TimeSpan SyncTime { get; set; } = sync;

    public string Path => disk.Path;

    public IReadOnlyList<string> List() => disk.List();

    public bool Exists(string name) => disk.Exists(name);

    public IDiskFile Open(string name) => new SlowFile(this, disk.Open(name));

    public IDiskFile Create(string name) => new SlowFile(this, disk.Create(name));

    public IDiskFile Allocate(string name, long bytes) => new SlowFile(this, disk.Allocate(name, bytes));

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string name) => disk.Delete(name);

    public void SyncDirectory() => disk.SyncDirectory();

    private sealed class SlowFile(SlowDisk disk, IDiskFile file) : IDiskFile
    {
        public string Name => file.Name;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            disk.Pass(isSync: false);
            file.Write(offset, source);
        }

        public void Sync()
        {
            disk.Pass(isSync: true);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }

    private void Pass(bool isSync) => time.Advance(isSync ? SyncTime : write);
}
