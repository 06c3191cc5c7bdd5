using System.Numerics;

namespace Quorleans.Raft.Storage;

/// <summary>
/// A group's part of a node's log: what stands in it, counted, with the batch still being built. Entries themselves are not kept
/// here. Used on the log owner's loop only.
/// </summary>
public sealed class LogGroup
{
    private Mark[] _marks = [];
    private int _head;
    private int _count;

    internal LogGroup(WriteAheadLog log, int number, GroupId id, MemberId self, Membership initial)
    {
        Log = log;
        Number = number;
        Id = id;
        Self = self;
        Initial = initial;
    }

    /// <summary>The group.</summary>
    public GroupId Id { get; }

    /// <summary>Which member this node is in it.</summary>
    public MemberId Self { get; }

    /// <summary>The configuration that the replica started from.</summary>
    public Membership Initial { get; }

    /// <summary>The last hard state given to the log.</summary>
    public HardState HardState { get; internal set; }

    /// <summary>The last snapshot that the log was told of.</summary>
    public SnapshotMetadata? Snapshot { get; internal set; }

    /// <summary>That snapshot's file.</summary>
    public string? SnapshotFile { get; internal set; }

    /// <summary>The index after the snapshot, where entries begin (there may be none).</summary>
    public LogIndex FirstIndex => (Snapshot?.Index ?? LogIndex.Zero).Next;

    /// <summary>The index of the last entry, or of the snapshot when there is none.</summary>
    public LogIndex LastIndex => FirstIndex.Previous + _count;

    /// <summary>The encoded bytes of live entries and of the hard state, without padding: what the labs call the Raft state's size.</summary>
    public long LiveBytes { get; private set; } = LogRecords.HardStateBytes;

    internal WriteAheadLog Log { get; }

    internal int Number { get; }

    internal bool IsRemoved { get; set; }

    // As of the last batch that was closed: what the opening of a new segment states.
    internal bool IsTouched { get; set; }

    internal bool IsClosed { get; set; }

    internal HardState ClosedHardState { get; set; }

    internal SnapshotMetadata? ClosedSnapshot { get; set; }

    internal string? ClosedSnapshotFile { get; set; }

    /// <summary>The batch in which an entry was written last.</summary>
    internal long SequenceOf(LogIndex index) => At((int)(index - FirstIndex)).Sequence;

    internal void Push(long sequence, int bytes)
    {
        if (_count == _marks.Length) Grow();
        At(_count++) = new Mark(sequence, bytes);
        LiveBytes += bytes;
    }

    internal Mark PopLast()
    {
        Mark mark = At(--_count);
        LiveBytes -= mark.Bytes;
        return mark;
    }

    /// <summary>Takes the first entry away; the caller moves the snapshot's index along.</summary>
    internal Mark PopFirst()
    {
        Mark mark = At(0);
        _head = (_head + 1) & (_marks.Length - 1);
        _count--;
        LiveBytes -= mark.Bytes;
        return mark;
    }

    internal int Count => _count;

    internal Mark Replace(LogIndex index, long sequence)
    {
        ref Mark mark = ref At((int)(index - FirstIndex));
        Mark old = mark;
        mark = old with { Sequence = sequence };
        return old;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} [{FirstIndex}..{LastIndex}]";

    private ref Mark At(int position) => ref _marks[(_head + position) & (_marks.Length - 1)];

    private void Grow()
    {
        Mark[] larger = new Mark[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, _marks.Length * 2))];
        for (int i = 0; i < _count; i++) larger[i] = At(i);
        _marks = larger;
        _head = 0;
    }

    /// <summary>Where an entry is: in which batch, in how many encoded bytes.</summary>
    internal readonly record struct Mark(long Sequence, int Bytes);
}
