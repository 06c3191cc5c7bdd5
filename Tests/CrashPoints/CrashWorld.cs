using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.CrashPoints;

/// <summary>
/// A node, its disk, and the scripts that give it work: entries, group commits, truncations, votes, own and received snapshots, segments that are begun and
/// recycled, groups that are created. The same seed gives the same disk operations, until the power goes.
/// </summary>
internal sealed class CrashWorld
{
    private const int MaximumGroups = 3;
    private readonly Random _random;
    private readonly SimulatedDisk _disk;
    private IDisk _seen;
    private readonly FollowerScript _follower;
    private readonly List<SoloScript> _solos = [new("g1", 1)];
    private NodeLife _life = null!;

    internal CrashWorld(int seed, SimulatedDisk disk, Func<SimulatedDisk, IDisk>? wrap = null)
    {
        _random = new Random(seed);
        _disk = disk;
        _seen = wrap?.Invoke(disk) ?? disk;
        _follower = new FollowerScript(_random);
    }

    internal SimulatedDisk Disk => _disk;

    internal NodeLife Life => _life;

    /// <summary>The node is being started.</summary>
    internal bool IsStarting { get; private set; }

    /// <summary>From its next start on the node has the plain disk.</summary>
    internal void UnwrapDisk() => _seen = _disk;

    /// <summary>Whether the node takes a write and answers it, within two seconds of its clock.</summary>
    internal bool Serves()
    {
        for (int i = 0; i < 200; i++)
        {
            _life.Tick();
            _life.Drain();
        }

        return _solos[0].Serves();
    }

    /// <summary>What the workload has brought about.</summary>
    internal string Describe()
    {
        LogStatistics log = _life.Node.Statistics;
        return $"{log.Batches} group commits, {log.Segments} segments begun in {_disk.List().Count(static name => name.StartsWith("wal-", StringComparison.Ordinal))} files, {_follower.Describe()}, "
            + $"{_disk.List().Where(static name => name.EndsWith(".snap", StringComparison.Ordinal)).Select(static name => int.Parse(name[(name.LastIndexOf('-') + 1)..^5], System.Globalization.CultureInfo.InvariantCulture)).DefaultIfEmpty().Max()} snapshots written, {_solos.Count + 1} groups created";
    }

    /// <summary>Starts the node on what the disk holds, and checks that against everything it has promised.</summary>
    internal void Recover()
    {
        LogRecovery log = Inspect();
        IsStarting = true;
        _life = new NodeLife(_seen, () => _disk.IsCrashed);
        IsStarting = false;
        foreach (SoloScript solo in _solos) solo.CheckLog(log);
        _follower.CheckLog(log);
        CheckFiles(log);
        _follower.CheckService(_life);
        foreach (SoloScript solo in _solos) solo.CheckService(_life);
        foreach (SoloScript solo in _solos) solo.Begin(_life);
        _follower.Begin(_life);
    }

    internal void Run(int steps)
    {
        for (int i = 0; i < steps; i++) Step();
    }

    private void Step()
    {
        switch (_random.Next(16))
        {
            case 0 when _solos.Count < MaximumGroups && _random.Next(20) == 0: CreateGroup(); break;
            case 1 or 2: _solos[_random.Next(_solos.Count)].Propose(_random.Next(30) == 0 ? _random.Next(9000) : _random.Next(300)); break;
            case 3 or 4 or 5 or 6: _follower.Step(); break;
            case 7: _life.Tick(_random.Next(1, 6)); break;
            case 8: _life.RunLogAside(); break;
            case 9: _life.RunAside(); break;
            default: _life.RunBatch(); break;
        }
    }

    private void CreateGroup()
    {
        SoloScript solo = new("g" + (char)('4' + _solos.Count), 1 + _solos.Count);
        _solos.Add(solo);
        solo.Begin(_life);
    }

    /// <summary>Reads the log on a copy of the disk, as a node would that starts now.</summary>
    private LogRecovery Inspect()
    {
        SimulatedDisk copy = new(1);
        foreach (string name in _disk.List())
        {
            using IDiskFile file = copy.Create(name);
            file.Write(0, _disk.ReadAll(name));
        }

        WalOptions options = new() { NodeId = NodeLife.NodeId, SegmentBytes = NodeLife.SegmentBytes };
        using WriteAheadLog opened = WriteAheadLog.Open(copy, options, new ManualLogExecutor(), out LogRecovery log);
        if (log.Corruption is { } corruption) throw new ViolationException($"the log is corrupt: {corruption}");
        SnapshotStore snapshots = new(copy);
        foreach (RecoveredGroup group in log.Groups)
            if (group.SnapshotFile is { } file) snapshots.Open(file).Dispose();
        return log;
    }

    /// <summary>After a start nothing half-written is left, and nothing that nobody refers to.</summary>
    private void CheckFiles(LogRecovery log)
    {
        HashSet<string> referenced = [ReplicaLedger.FileName, .. log.Groups.Where(static group => group.SnapshotFile is not null).Select(static group => group.SnapshotFile!)];
        foreach (string name in _disk.List())
            if (!name.StartsWith("wal-", StringComparison.Ordinal) && !referenced.Contains(name)) throw new ViolationException($"{name} was left behind");
    }
}
