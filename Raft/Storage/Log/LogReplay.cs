namespace Quorleans.Raft.Storage;

/// <summary>
/// Applies the records of the accepted batches in order. The oldest segment may begin in mid-history: entries before it that are
/// still live were rewritten further on, those that are not were superseded or compacted further on, so gaps close by the end.
/// </summary>
internal sealed class LogReplay
{
    // Far beyond any real one, and far from where arithmetic on indexes overflows.
    private const long MaximumIndex = 1L << 60;
    private readonly Dictionary<int, Group> _groups = [];

    internal int NextGroup { get; private set; } = 1;

    internal IEnumerable<Group> Groups => _groups.Values;

    /// <summary>Applies one batch.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    internal string? Apply(in BatchHeader header, ReadOnlySpan<byte> body)
    {
        ByteReader reader = new(body);
        while (reader.Remaining > 0)
        {
            RecordType type = (RecordType)reader.U8();
            byte flags = reader.U8();
            reader.U16();
            int number = reader.I32();
            string? wrong = type switch
            {
                RecordType.Segment when header.Kind == BatchKind.Opening => Segment(ref reader, number),
                RecordType.Open => Open(ref reader, number),
                RecordType.Remove => _groups.Remove(number) ? null : $"removes unknown group {number}",
                RecordType.HardState => HardState(ref reader, number),
                RecordType.Entries or RecordType.Rewrite => Entries(ref reader, number, header.Sequence, supersede: type == RecordType.Entries),
                RecordType.Snapshot => Snapshot(ref reader, number, installed: flags == LogRecords.InstalledFlag),
                _ => $"unknown record type {(byte)type}",
            };
            if (reader.Failed) return $"a record of type {type} is malformed";
            if (wrong is not null) return wrong;
        }

        return null;
    }

    private string? Segment(ref ByteReader reader, int nextGroup)
    {
        reader.I64();
        reader.I64();
        reader.I32();
        if (nextGroup < NextGroup) return "group numbers go back";
        NextGroup = nextGroup;
        return null;
    }

    private string? Open(ref ByteReader reader, int number)
    {
        long incarnation = reader.I64();
        MemberId self = new(reader.I32());
        GroupId id = new(reader.ShortText(), incarnation);
        Membership initial = reader.Membership();
        if (reader.Failed || number <= 0) return $"group number {number} is malformed";
        if (_groups.TryGetValue(number, out Group? known))
            return known.Id == id && known.Self == self && known.Initial.Equals(initial) ? null : $"group number {number} is given twice";
        foreach (Group other in _groups.Values)
            if (other.Id == id) return $"group {id} is opened twice";
        _groups.Add(number, new Group(number, id, self, initial));
        NextGroup = Math.Max(NextGroup, number + 1);
        return null;
    }

    private string? HardState(ref ByteReader reader, int number)
    {
        HardState state = new(new Term(reader.I64()), new MemberId(reader.I32()), new LogIndex(reader.I64()));
        if (!_groups.TryGetValue(number, out Group? group)) return $"hard state of unknown group {number}";
        if (state.Term < group.HardState.Term) return $"the term of {group.Id} goes back";
        group.HardState = state;
        return null;
    }

    private string? Entries(ref ByteReader reader, int number, long sequence, bool supersede)
    {
        LogIndex first = new(reader.I64());
        int count = reader.I32();
        if (!_groups.TryGetValue(number, out Group? group)) return $"entries of unknown group {number}";
        if (first.Value is < 1 or > MaximumIndex || count < 1 || count > reader.Remaining / LogRecords.EntryBytes) return $"entries of {group.Id} are malformed";
        if (supersede) group.TruncateFrom(first);
        for (int i = 0; i < count; i++)
        {
            Term term = new(reader.I64());
            LogTime time = new(reader.I64());
            EntryKind kind = (EntryKind)reader.U8();
            ReadOnlySpan<byte> payload = reader.Bytes(reader.I32());
            if (reader.Failed || kind is not (EntryKind.Noop or EntryKind.Command or EntryKind.Configuration)) return $"an entry of {group.Id} is malformed";
            group.Put(new LogEntry(first + i, term, kind, time, payload.ToArray()), sequence);
        }

        return null;
    }

    private string? Snapshot(ref ByteReader reader, int number, bool installed)
    {
        LogIndex index = new(reader.I64());
        Term term = new(reader.I64());
        LogTime time = new(reader.I64());
        string file = reader.ShortText();
        Membership membership = reader.Membership();
        if (reader.Failed) return null;
        if (!_groups.TryGetValue(number, out Group? group)) return $"snapshot of unknown group {number}";
        if (index.Value is < 0 or > MaximumIndex) return $"the snapshot of {group.Id} is malformed";
        if (index < (group.Snapshot?.Index ?? LogIndex.Zero)) return $"the snapshot of {group.Id} goes back";
        if (installed) group.Clear();
        else group.Compact(index);
        group.Snapshot = new SnapshotMetadata(index, term, time, membership);
        group.SnapshotFile = file;
        return null;
    }

    /// <summary>A group as far as it was replayed.</summary>
    internal sealed class Group(int number, GroupId id, MemberId self, Membership initial)
    {
        private readonly Dictionary<long, (LogEntry Entry, long Sequence)> _entries = [];
        private long _last;

        internal int Number { get; } = number;

        internal GroupId Id { get; } = id;

        internal MemberId Self { get; } = self;

        internal Membership Initial { get; } = initial;

        internal HardState HardState { get; set; }

        internal SnapshotMetadata? Snapshot { get; set; }

        internal string? SnapshotFile { get; set; }

        internal void Put(in LogEntry entry, long sequence)
        {
            _entries[entry.Index.Value] = (entry, sequence);
            _last = Math.Max(_last, entry.Index.Value);
        }

        internal void TruncateFrom(LogIndex first)
        {
            if (_last - first.Value >= _entries.Count)
                foreach (long index in _entries.Keys)
                {
                    if (index >= first.Value) _entries.Remove(index);
                }
            else
                for (long index = first.Value; index <= _last; index++) _entries.Remove(index);
            _last = Math.Min(_last, first.Value - 1);
        }

        internal void Clear() => _entries.Clear();

        internal void Compact(LogIndex through)
        {
            long from = (Snapshot?.Index.Value ?? 0) + 1;
            if (through.Value - from >= _entries.Count)
                foreach (long index in _entries.Keys)
                {
                    if (index <= through.Value) _entries.Remove(index);
                }
            else
                for (long index = from; index <= through.Value; index++) _entries.Remove(index);
        }

        /// <summary>The entries after the snapshot, in order.</summary>
        /// <returns>False when one is missing.</returns>
        internal bool TryList(List<LogEntry> entries, List<long> sequences)
        {
            long first = (Snapshot?.Index.Value ?? 0) + 1;
            for (long index = first; entries.Count < _entries.Count; index++)
            {
                if (!_entries.TryGetValue(index, out (LogEntry Entry, long Sequence) found)) return false;
                entries.Add(found.Entry);
                sequences.Add(found.Sequence);
            }

            return true;
        }
    }
}
