using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>Where in an operation the power goes.</summary>
public enum CrashMoment
{
    /// <summary>Before it has any effect.</summary>
    Before,

    /// <summary>In the middle: of a write, some sectors are in the cache; of a sync, some are durable.</summary>
    Torn,

    /// <summary>After it had its effect, before the caller learns of it.</summary>
    After,
}

/// <summary>What becomes of bytes and names that were not synced when the power goes.</summary>
public enum UnsyncedFate
{
    /// <summary>All are lost.</summary>
    Lost,

    /// <summary>Only the process was killed: all stays in the cache, readable and as unsynced as before.</summary>
    Kept,

    /// <summary>Each 512-byte sector survives or not by the seed; of the names' changes, the first few do.</summary>
    Random,
}

/// <summary>
/// A disk in memory. The fault model: nothing written is durable before its file is synced, no name before the directory is; a
/// crash keeps any subset of unsynced sectors (a sector is never half) and any prefix of unsynced names' changes; a failed sync drops the
/// unsynced sectors for good while they stay readable until the crash, as in Linux; a full disk refuses growth only. Thread-safe.
/// </summary>
public sealed class SimulatedDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly Dictionary<string, SimulatedInode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedInode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<(string? Remove, string? Add, SimulatedInode? Inode)> _unsyncedNames = [];
    private long _crashAt = -1;
    private CrashMoment _crashMoment;
    private int _life;

    /// <summary>Creates an empty disk.</summary>
    /// <param name="seed">Decides what survives.</param>
    /// <param name="path">For messages.</param>
    public SimulatedDisk(int seed, string path = "simulated")
    {
        _random = new Random(seed);
        Path = path;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>How many operations that change something were begun.</summary>
    public long Operations { get; private set; }

    /// <summary>Whether the power is off: every operation throws until <see cref="Restart"/>.</summary>
    public bool IsCrashed { get; private set; }

    /// <summary>How many bytes all files may have; more is <see cref="DiskFullException"/>.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>How many operations failed with an error so far.</summary>
    public long Failures { get; private set; }

    /// <summary>Whether writes fail with an I/O error.</summary>
    public bool FailWrites { get; set; }

    /// <summary>Whether syncs fail with an I/O error.</summary>
    public bool FailSyncs { get; set; }

    /// <summary>The bytes of all files.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_lock)
            {
                long used = 0;
                foreach (SimulatedInode inode in _names.Values) used += inode.Length;
                return used;
            }
        }
    }

    /// <summary>Has the power go at an operation to come.</summary>
    /// <param name="operation">Its number, counted as <see cref="Operations"/> is; the first is 0.</param>
    /// <param name="moment">Where in it.</param>
    public void CrashAt(long operation, CrashMoment moment)
    {
        _crashAt = operation;
        _crashMoment = moment;
    }

    /// <summary>Ends the process, or takes the power away, now if that has not happened, and begins anew. Open files are dead.</summary>
    /// <param name="fate">What becomes of what was not synced.</param>
    public void Restart(UnsyncedFate fate)
    {
        lock (_lock)
        {
            _life++;
            _crashAt = -1;
            IsCrashed = false;
            if (fate == UnsyncedFate.Kept) return;
            int kept = fate == UnsyncedFate.Lost ? 0 : _random.Next(_unsyncedNames.Count + 1);
            SimulatedInode[] inodes = [.. _names.Values.Concat(_durableNames.Values).Concat(_unsyncedNames.Where(change => change.Inode is not null).Select(change => change.Inode!)).Distinct()];
            for (int i = 0; i < kept; i++) Apply(_durableNames, _unsyncedNames[i]);
            foreach (SimulatedInode inode in inodes) inode.Crash(fate, _random);
            _unsyncedNames.Clear();
            _names.Clear();
            foreach ((string name, SimulatedInode inode) in _durableNames) _names.Add(name, inode);
        }
    }

    /// <summary>Files are gone for ever, as after a machine got another disk, or somebody deleted them. Nothing runs on it meanwhile.</summary>
    /// <param name="lost">Which, by name.</param>
    public void Lose(Func<string, bool> lost)
    {
        ArgumentNullException.ThrowIfNull(lost);
        lock (_lock)
        {
            _life++;
            _unsyncedNames.Clear();
            foreach (string name in _names.Keys.Concat(_durableNames.Keys).Where(lost).ToArray())
            {
                _names.Remove(name);
                _durableNames.Remove(name);
            }
        }
    }

    /// <summary>Flips bits of a durable byte, as a rotting disk does.</summary>
    /// <param name="name">The file.</param>
    /// <param name="offset">The byte.</param>
    /// <param name="flip">The bits.</param>
    public void Corrupt(string name, long offset, byte flip)
    {
        lock (_lock) _names[name].Flip(offset, flip);
    }

    /// <summary>The length of a file as a reader sees it.</summary>
    /// <param name="name">The file.</param>
    public long LengthOf(string name)
    {
        lock (_lock) return _names[name].Length;
    }

    /// <summary>The bytes of a file as a reader sees them.</summary>
    /// <param name="name">The file.</param>
    public byte[] ReadAll(string name)
    {
        lock (_lock) return _names[name].Copy();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            ThrowIfCrashed();
            return [.. _names.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public bool Exists(string name)
    {
        lock (_lock)
        {
            ThrowIfCrashed();
            return _names.ContainsKey(name);
        }
    }

    /// <inheritdoc/>
    public IDiskFile Open(string name)
    {
        lock (_lock)
        {
            ThrowIfCrashed();
            return _names.TryGetValue(name, out SimulatedInode? inode) ? new OpenFile(this, inode, name, _life) : throw new DiskException("open", name, errno: 2);
        }
    }

    /// <inheritdoc/>
    public IDiskFile Create(string name)
    {
        SimulatedInode inode = new();
        Change(() => Rename((null, name, inode)));
        return new OpenFile(this, inode, name, _life);
    }

    /// <inheritdoc/>
    public IDiskFile Allocate(string name, long bytes)
    {
        if (Exists(name)) throw new DiskException("create", name, errno: 17);
        IDiskFile file = Create(name);
        try
        {
            ((OpenFile)file).WriteZeros(bytes);
            file.Sync();
            SyncDirectory();
            return file;
        }
        catch (DiskException)
        {
            file.Dispose();
            Delete(name);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => Change(() =>
    {
        if (!_names.TryGetValue(from, out SimulatedInode? inode)) throw new DiskException("rename", from, errno: 2);
        Rename((from, to, inode));
    });

    /// <inheritdoc/>
    public void Delete(string name) => Change(() => Rename((name, null, null)));

    /// <inheritdoc/>
    public void SyncDirectory() => Change(() =>
    {
        if (FailSyncs) throw Error("fsync", Path);
        foreach ((string?, string?, SimulatedInode?) change in _unsyncedNames) Apply(_durableNames, change);
        _unsyncedNames.Clear();
    });

    private void Rename((string? Remove, string? Add, SimulatedInode? Inode) change)
    {
        _unsyncedNames.Add(change);
        Apply(_names, change);
    }

    private static void Apply(Dictionary<string, SimulatedInode> names, (string? Remove, string? Add, SimulatedInode? Inode) change)
    {
        if (change.Remove is not null) names.Remove(change.Remove);
        if (change.Add is not null) names[change.Add] = change.Inode!;
    }

    private void Change(Action effect)
    {
        lock (_lock)
        {
            bool crash = Enter();
            if (HasEffect(crash)) effect();
            Leave(crash);
        }
    }

    /// <summary>Begins an operation.</summary>
    /// <returns>Whether the power goes in it.</returns>
    private bool Enter()
    {
        ThrowIfCrashed();
        bool crash = Operations++ == _crashAt;
        if (crash) IsCrashed = true;
        return crash;
    }

    private bool HasEffect(bool crash) => !crash || _crashMoment == CrashMoment.After;

    private bool IsTorn(bool crash) => crash && _crashMoment == CrashMoment.Torn;

    private void Leave(bool crash)
    {
        if (crash) throw new SimulatedCrashException($"Power lost at operation {_crashAt}, {_crashMoment}.");
    }

    private DiskException Error(string operation, string name)
    {
        Failures++;
        return new DiskException(operation, name, errno: 5);
    }

    private void Reserve(long growth, string name)
    {
        if (growth <= 0 || Capacity == long.MaxValue || UsedBytes + growth <= Capacity) return;
        Failures++;
        throw new DiskFullException("write", name, errno: 28);
    }

    private void ThrowIfCrashed()
    {
        if (IsCrashed) throw new SimulatedCrashException("The power is off.");
    }

    private sealed class OpenFile(SimulatedDisk disk, SimulatedInode inode, string name, int life) : IDiskFile
    {
        private bool _disposed;

        public string Name => name;

        public long Length
        {
            get
            {
                lock (disk._lock)
                {
                    ThrowIfDead();
                    return inode.Length;
                }
            }
        }

        public int Read(long offset, Span<byte> destination)
        {
            lock (disk._lock)
            {
                ThrowIfDead();
                return inode.Read(offset, destination);
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> source)
        {
            lock (disk._lock)
            {
                ThrowIfDead();
                bool crash = disk.Enter();
                if (disk.IsTorn(crash)) inode.WriteSome(offset, source, disk._random);
                if (disk.HasEffect(crash))
                {
                    if (disk.FailWrites) throw disk.Error("write", name);
                    disk.Reserve(offset + source.Length - inode.Length, name);
                    inode.Write(offset, source);
                }

                disk.Leave(crash);
            }
        }

        internal void WriteZeros(long bytes)
        {
            lock (disk._lock)
            {
                bool crash = disk.Enter();
                if (disk.IsTorn(crash)) inode.WriteZeros(disk._random.NextInt64(bytes + 1));
                if (disk.HasEffect(crash))
                {
                    if (disk.FailWrites) throw disk.Error("write", name);
                    disk.Reserve(bytes - inode.Length, name);
                    inode.WriteZeros(bytes);
                }

                disk.Leave(crash);
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                ThrowIfDead();
                bool crash = disk.Enter();
                if (disk.IsTorn(crash)) inode.SyncSome(disk._random);
                if (disk.HasEffect(crash))
                {
                    if (disk.FailSyncs)
                    {
                        inode.DropUnsynced();
                        throw disk.Error("fdatasync", name);
                    }

                    inode.Sync();
                }

                disk.Leave(crash);
            }
        }

        public void Dispose() => _disposed = true;

        private void ThrowIfDead()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (disk._life != life) throw new SimulatedCrashException($"'{name}' was opened before the power went.");
        }
    }
}
