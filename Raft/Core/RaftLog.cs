namespace Quorleans.Raft;

/// <summary>
/// A group's log in memory: the entries after <see cref="BaseIndex"/>, whole. What came before is in a snapshot. The write-ahead log on disk
/// is read only at start, so replication never waits for it.
/// </summary>
public sealed class RaftLog
{
    // Payloads from a few pages up to what .NET's collector takes for large objects, which it does not move either.
    private const int LongPayload = 16 << 10;
    private const int LargeObject = 80 << 10;
    private LogEntry[] _entries = [];
    private int _head;
    private int _count;

    internal RaftLog(LogIndex baseIndex, Term baseTerm, LogTime baseTime)
    {
        BaseIndex = baseIndex;
        BaseTerm = baseTerm;
        BaseTime = baseTime;
    }

    /// <summary>The index before the first entry held.</summary>
    public LogIndex BaseIndex { get; private set; }

    /// <summary>The term of the entry at <see cref="BaseIndex"/>.</summary>
    public Term BaseTerm { get; private set; }

    /// <summary>The log time of the entry at <see cref="BaseIndex"/>.</summary>
    public LogTime BaseTime { get; private set; }

    /// <summary>The first index held; one above <see cref="LastIndex"/> when the log is empty.</summary>
    public LogIndex FirstIndex => BaseIndex.Next;

    /// <summary>The last index.</summary>
    public LogIndex LastIndex => BaseIndex + _count;

    /// <summary>The last entry's term.</summary>
    public Term LastTerm => _count == 0 ? BaseTerm : _entries[_head + _count - 1].Term;

    /// <summary>The last entry's log time.</summary>
    public LogTime LastTime => _count == 0 ? BaseTime : _entries[_head + _count - 1].Time;

    /// <summary>The bytes of all entries held, as budgets count them.</summary>
    public long Bytes { get; private set; }

    /// <summary>The entry at an index that is held.</summary>
    public ref readonly LogEntry this[LogIndex index]
    {
        get
        {
            Invariant.Check(index > BaseIndex && index <= LastIndex, $"Log index {index} is outside {FirstIndex}..{LastIndex}.");
            return ref _entries[_head + (int)(index - BaseIndex) - 1];
        }
    }

    /// <summary>The entries from one index to another, inclusive. Valid until the log changes.</summary>
    public ReadOnlySpan<LogEntry> Range(LogIndex from, LogIndex to)
    {
        if (to < from) return [];
        Invariant.Check(from > BaseIndex && to <= LastIndex, $"Log range {from}..{to} is outside {FirstIndex}..{LastIndex}.");
        return _entries.AsSpan(_head + (int)(from - BaseIndex) - 1, (int)(to - from) + 1);
    }

    /// <summary>The term at an index.</summary>
    /// <param name="index">Any index.</param>
    /// <param name="term">Its term.</param>
    /// <returns>False when the index is before the base, or after the end.</returns>
    public bool TryTermAt(LogIndex index, out Term term)
    {
        term = default;
        if (index < BaseIndex || index > LastIndex) return false;
        term = index == BaseIndex ? BaseTerm : this[index].Term;
        return true;
    }

    /// <summary>The first index from the base on that holds <paramref name="term"/>, given one that does.</summary>
    internal LogIndex FirstOfTerm(LogIndex index, Term term)
    {
        while (index > FirstIndex && this[index.Previous].Term == term) index = index.Previous;
        return index;
    }

    /// <summary>The last index at or before <paramref name="index"/> whose term is at most <paramref name="term"/>; the base index when there is none.</summary>
    internal LogIndex LastAtMostTerm(LogIndex index, Term term)
    {
        index = LogIndex.Min(index, LastIndex);
        while (index > BaseIndex && this[index].Term > term) index = index.Previous;
        return LogIndex.Max(index, BaseIndex);
    }

    /// <summary>Copies entries from an index on, up to a byte budget and to what a message may have; at least one.</summary>
    internal LogEntry[] Copy(LogIndex from, int maxBytes)
    {
        if (from > LastIndex) return [];
        int start = _head + (int)(from - BaseIndex) - 1;
        int end = _head + _count;
        int stop = start;
        long bytes = 0;
        while (stop < end)
        {
            bytes += _entries[stop].Size;
            if ((bytes > maxBytes && stop > start) || stop - start == MessageCodec.MaximumEntries) break;
            stop++;
        }

        return _entries.AsSpan(start, stop - start).ToArray();
    }

    internal void Append(in LogEntry entry)
    {
        Invariant.Check(entry.Index == LastIndex.Next, $"Appending {entry.Index} after {LastIndex}.");
        Invariant.Check(entry.Term >= LastTerm, $"Appending term {entry.Term} after term {LastTerm} at {entry.Index}.");
        if (_head + _count == _entries.Length) MakeRoom();
        _entries[_head + _count++] = entry.Payload.Length is >= LongPayload and < LargeObject ? entry with { Payload = Settle(entry.Payload) } : entry;
        Bytes += entry.Size;
    }

    /// <summary>Drops the entries from an index on.</summary>
    internal void TruncateFrom(LogIndex index)
    {
        Invariant.Check(index > BaseIndex, $"Truncating at {index}, below the log's base {BaseIndex}.");
        while (LastIndex >= index)
        {
            ref LogEntry last = ref _entries[_head + --_count];
            Bytes -= last.Size;
            last = default;
        }
    }

    /// <summary>Forgets the entries up to an index, which a snapshot covers. The array's slots are cleared, so that payloads can be collected.</summary>
    internal void CompactTo(LogIndex index)
    {
        if (index <= BaseIndex) return;
        Invariant.Check(index <= LastIndex, $"Compacting to {index}, beyond the last entry {LastIndex}.");
        (Term term, LogTime time) = (this[index].Term, this[index].Time);
        int drop = (int)(index - BaseIndex);
        foreach (ref readonly LogEntry entry in _entries.AsSpan(_head, drop)) Bytes -= entry.Size;
        _entries.AsSpan(_head, drop).Clear();
        _head += drop;
        _count -= drop;
        (BaseIndex, BaseTerm, BaseTime) = (index, term, time);
        if (_count == 0) _head = 0;
    }

    /// <summary>Forgets everything and begins after a snapshot.</summary>
    internal void Reset(LogIndex index, Term term, LogTime time)
    {
        (_entries, _head, _count, Bytes) = ([], 0, 0, 0);
        (BaseIndex, BaseTerm, BaseTime) = (index, term, time);
    }

    /// <summary>
    /// Copies a payload to where the collector moves nothing. Entries stay until a snapshot covers them: among young objects, long ones, and the messages that they
    /// came in, would be copied twice while all callers wait.
    /// </summary>
    private static ReadOnlyMemory<byte> Settle(ReadOnlyMemory<byte> payload)
    {
        byte[] settled = GC.AllocateUninitializedArray<byte>(payload.Length, pinned: true);
        payload.Span.CopyTo(settled);
        return settled;
    }

    private void MakeRoom()
    {
        // Half empty at the front: slide. Otherwise grow; both keep appends amortized constant.
        if (_head > _count)
        {
            _entries.AsSpan(_head, _count).CopyTo(_entries);
            _entries.AsSpan(_count, _head).Clear();
        }
        else
        {
            LogEntry[] larger = new LogEntry[Math.Max(64, _count * 2)];
            _entries.AsSpan(_head, _count).CopyTo(larger);
            _entries = larger;
        }

        _head = 0;
    }
}
