using Quorleans.Raft.Storage;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>A disk whose syncs take longer, by as much each, however short the thread pool is.</summary>
/// <param name="disk">The real one.</param>
/// <param name="delay">By how much.</param>
internal sealed class SlowDisk(IDisk disk, TimeSpan delay) : IDisk
{
    public string Path => disk.Path;

    public IReadOnlyList<string> List() => disk.List();

    public bool Exists(string name) => disk.Exists(name);

    public IDiskFile Open(string name) => new SlowFile(disk.Open(name), delay);

    public IDiskFile Create(string name) => new SlowFile(disk.Create(name), delay);

    public IDiskFile Allocate(string name, long bytes) => new SlowFile(disk.Allocate(name, bytes), delay);

    public void Rename(string from, string to) => disk.Rename(from, to);

    public void Delete(string name) => disk.Delete(name);

    public void SyncDirectory() => disk.SyncDirectory();

    private sealed class SlowFile(IDiskFile file, TimeSpan delay) : IDiskFile
    {
        public string Name => file.Name;

        public long Length => file.Length;

        public int Read(long offset, Span<byte> destination) => file.Read(offset, destination);

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Sync()
        {
            file.Sync();
            Thread.Sleep(delay);
        }

        public void Dispose() => file.Dispose();
    }
}
