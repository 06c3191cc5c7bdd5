using System.Globalization;
using System.Text;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;

namespace Quorleans.Raft.Tests;

/// <summary>
/// A random workload on a log beside a model of it. For every batch the model keeps what the log must hold when that batch is the
/// last one that survived; so after a crash the log must be exactly one of those states, and no older than what was acknowledged.
/// </summary>
internal sealed class WalWorkload(SimulatedDisk disk, int seed, int segmentBytes = 32 << 10)
{
    private readonly Random _random = new(seed);
    private readonly SortedDictionary<GroupId, Model> _groups = [];
    private readonly Dictionary<long, SortedDictionary<GroupId, Model>> _states = new() { [0] = [] };
    private ManualLogExecutor _executor = new();
    private WriteAheadLog? _log;
    private long _incarnation;
    private long _sent;
    private long _acknowledged;
    private byte _fill;

    internal int Recoveries { get; private set; }

    internal int Torn { get; private set; }

    internal int Rewrites { get; private set; }

    internal int CutAcknowledgedNothing { get; private set; }

    internal WriteAheadLog Log => _log!;

    /// <summary>Opens the log and compares it to the model.</summary>
    internal void Recover()
    {
        _executor = new ManualLogExecutor();
        _log = WriteAheadLog.Open(disk, WalHarness.Options(segmentBytes, behind: 1), _executor, out LogRecovery recovery);
        Recoveries++;
        if (recovery.Torn is not null) Torn++;
        if (recovery.Corruption is not null) throw new InvalidOperationException($"seed {seed}: corrupt: {recovery.Corruption}");
        long last = _log.DurableSequence;
        if (last < _acknowledged) throw new InvalidOperationException($"seed {seed}: batch {_acknowledged} was acknowledged; the log ends at {last}");
        if (last > _sent) throw new InvalidOperationException($"seed {seed}: the log ends at {last}; only {_sent} were sent");
        if (last < _sent) CutAcknowledgedNothing++;
        SortedDictionary<GroupId, Model> expected = _states[last];
        string found = Describe(recovery), wanted = Describe(expected);
        if (found != wanted) throw new InvalidOperationException($"seed {seed}, batch {last}: expected\n{wanted}found\n{found}");

        // The model goes on from what survived; the batches after it never were.
        _sent = _acknowledged = last;
        foreach (long later in _states.Keys.Where(sequence => sequence > last).ToList()) _states.Remove(later);
        _groups.Clear();
        foreach ((GroupId id, Model model) in expected)
        {
            _groups.Add(id, model.Copy());
            _groups[id].Log = recovery.Groups.Single(group => group.Id == id).Log;
        }
    }

    internal void Run(int steps)
    {
        for (int i = 0; i < steps; i++) Step();
    }

    internal void Drain()
    {
        for (int i = 0; i < 1000 && (Log.HasPending || Log.IsInFlight || _executor.HasAside); i++)
        {
            Flush();
            RunBatch();
            _executor.RunAside();
        }
    }

    private void Step()
    {
        switch (_random.Next(20))
        {
            case 0 when _groups.Count < 4: OpenGroup(); break;
            case 1 when _groups.Count > 2: RemoveGroup(); break;
            case 2 or 3: SetHardState(); break;
            case 4: Snapshot(); break;
            case 5: Laggards(); break;
            case 6 or 7 or 8 or 9 or 10: Append(); break;
            case 11 or 12 or 13: Flush(); break;
            case 14: Seal(); break;
            case 15: _executor.RunAside(); break;
            default: RunBatch(); break;
        }
    }

    private void OpenGroup()
    {
        GroupId id = new("g" + _random.Next(1, 5).ToString(CultureInfo.InvariantCulture), ++_incarnation);
        Model model = new() { Self = new MemberId(_random.Next(1, 4)) };
        model.Log = Log.OpenGroup(id, model.Self, WalHarness.Three);
        _groups.Add(id, model);
    }

    private void RemoveGroup()
    {
        (GroupId id, Model model) = Pick();
        Log.RemoveGroup(model.Log);
        _groups.Remove(id);
    }

    private void SetHardState()
    {
        if (_groups.Count == 0) return;
        Model model = Pick().Model;
        model.Hard = new HardState(new Term(model.Hard.Term.Value + _random.Next(2)), new MemberId(_random.Next(4)), new LogIndex(model.Last));
        Log.SetHardState(model.Log, model.Hard);
    }

    private void Snapshot()
    {
        if (_groups.Count == 0) return;
        Model model = Pick().Model;
        bool install = _random.Next(4) == 0;
        long index = install ? model.Last + _random.Next(5) : _random.NextInt64(model.Base, model.Last + 1);
        model.Snapshot = WalHarness.Snapshot(index);
        model.File = $"snapshot-{index}";
        Log.SnapshotTaken(model.Log, model.Snapshot, model.File, install);
        if (install) model.Entries.Clear();
        else model.Entries.RemoveRange(0, (int)(index - model.Base));
        model.Base = index;
    }

    private void Append()
    {
        if (_groups.Count == 0) return;
        Model model = Pick().Model;
        long first = _random.Next(3) == 0 ? _random.NextInt64(model.Base + 1, model.Last + 2) : model.Last + 1;
        LogEntry[] entries = new LogEntry[_random.Next(1, 5)];
        bool large = _random.Next(40) == 0;
        for (int i = 0; i < entries.Length; i++)
            entries[i] = WalHarness.Entry(first + i, model.Hard.Term.Value, large ? _random.Next(20_000) : _random.Next(300), ++_fill);
        if (!Log.CanAppend(entries.Sum(entry => entry.Size))) return;
        Log.AppendEntries(model.Log, entries);
        model.Entries.RemoveRange((int)(first - model.Base - 1), (int)(model.Last - first + 1));
        model.Entries.AddRange(entries);
    }

    private void Laggards()
    {
        foreach (Laggard laggard in Log.Laggards())
        {
            Model model = _groups[laggard.Group.Id];
            int from = (int)(laggard.First.Value - model.Base - 1);
            Log.Rewrite(laggard.Group, model.Entries.GetRange(from, (int)(laggard.Last - laggard.First) + 1).ToArray());
            Rewrites++;
        }
    }

    private void Flush()
    {
        long sequence = Log.PendingSequence;
        if (!Log.HasPending) return;
        SortedDictionary<GroupId, Model> state = Copy();

        // Before the call: the power may go inside it.
        if (Log.TryFlush()) Sent(sequence, state);
    }

    private void Seal()
    {
        long sequence = Log.PendingSequence;
        if (Log.Seal()) Sent(sequence, Copy());
    }

    private void Sent(long sequence, SortedDictionary<GroupId, Model> state)
    {
        _sent = sequence;
        _states[sequence] = state;
    }

    private void RunBatch()
    {
        if (_executor.RunBatch()) _acknowledged = Log.DurableSequence;
    }

    private (GroupId Id, Model Model) Pick()
    {
        KeyValuePair<GroupId, Model> picked = _groups.ElementAt(_random.Next(_groups.Count));
        return (picked.Key, picked.Value);
    }

    private SortedDictionary<GroupId, Model> Copy()
    {
        SortedDictionary<GroupId, Model> copy = [];
        foreach ((GroupId id, Model model) in _groups) copy.Add(id, model.Copy());
        return copy;
    }

    private static string Describe(LogRecovery recovery)
    {
        StringBuilder text = new();
        foreach (RecoveredGroup group in recovery.Groups)
            Describe(text, group.Id, group.Self, group.HardState, group.Snapshot, group.SnapshotFile, group.Entries);
        return text.ToString();
    }

    private static string Describe(SortedDictionary<GroupId, Model> groups)
    {
        StringBuilder text = new();
        foreach ((GroupId id, Model model) in groups) Describe(text, id, model.Self, model.Hard, model.Snapshot, model.File, model.Entries);
        return text.ToString();
    }

    private static void Describe(
        StringBuilder text, GroupId id, MemberId self, HardState hard, SnapshotMetadata? snapshot, string? file, IReadOnlyList<LogEntry> entries)
    {
        text.Append(CultureInfo.InvariantCulture, $"{id} self {self} {hard} snapshot {snapshot?.Index} {file}:");
        foreach (LogEntry entry in entries)
            text.Append(CultureInfo.InvariantCulture, $" {entry} {entry.Payload.Length}x{(entry.Payload.IsEmpty ? 0 : entry.Payload.Span[^1])}");
        text.Append('\n');
    }

    private sealed class Model
    {
        internal LogGroup Log { get; set; } = null!;

        internal MemberId Self { get; init; }

        internal HardState Hard { get; set; }

        internal SnapshotMetadata? Snapshot { get; set; }

        internal string? File { get; set; }

        internal long Base { get; set; }

        internal List<LogEntry> Entries { get; init; } = [];

        internal long Last => Base + Entries.Count;

        internal Model Copy() => new() { Log = Log, Self = Self, Hard = Hard, Snapshot = Snapshot, File = File, Base = Base, Entries = [.. Entries] };
    }
}
