using Quorleans.Raft;
using Quorleans.Raft.Storage;

namespace Quorleans.Simulation;

/// <summary>
/// What one member's disk holds of the group for sure: hard state and the terms of its entries, as of the last batch that was synced without an error. Kept
/// beside the node and over its lives, so that it can be held against what the node says, and against what it finds when it starts again.
/// </summary>
internal sealed class DiskMirror
{
    private readonly List<Term> _terms = [];
    private readonly List<Term> _nextTerms = [];
    private HardState _nextHardState;
    private LogIndex _nextBase;
    private LogIndex _nextFrom;
    private LogIndex _nextLast;

    /// <summary>The disk that the member is on, from its first replica on; empty before.</summary>
    internal Guid NodeId { get; set; }

    /// <summary>Whether the disk has the group at all.</summary>
    internal bool Exists { get; private set; }

    internal HardState HardState { get; private set; }

    /// <summary>Up to here a snapshot stands for the log.</summary>
    internal LogIndex Base { get; private set; }

    internal LogIndex Last => Base + _terms.Count;

    /// <summary>A batch is on its way that is neither known to be durable nor not.</summary>
    internal bool InFlight { get; private set; }

    /// <summary>From here on the batch on its way may have changed the log.</summary>
    internal LogIndex MayDifferFrom => InFlight ? _nextFrom : Last.Next;

    internal bool TryTermAt(LogIndex index, out Term term)
    {
        bool held = index > Base && index <= Last;
        term = held ? _terms[(int)(index - Base) - 1] : Term.Zero;
        return held;
    }

    /// <summary>Whether the entry is on the disk, itself or in a snapshot.</summary>
    internal bool Holds(LogIndex index, Term term) => index <= Base || (TryTermAt(index, out Term held) && held == term);

    /// <summary>The log sends a batch; what it makes of the group is what the group's handle says now.</summary>
    internal void Sent(LogGroup group, RaftLog log, long sequence)
    {
        InFlight = true;
        (_nextHardState, _nextBase, _nextLast) = (group.HardState, group.FirstIndex.Previous, group.LastIndex);
        LogIndex from = _nextLast.Next;
        while (from > group.FirstIndex && group.SequenceOf(from.Previous) == sequence) from = from.Previous;
        _nextFrom = from;
        _nextTerms.Clear();
        for (LogIndex index = from; index <= _nextLast; index = index.Next) _nextTerms.Add(log.TryTermAt(index, out Term term) ? term : Term.Zero);
    }

    /// <summary>The batch on its way is durable.</summary>
    internal void Durable()
    {
        if (!InFlight) return;
        (InFlight, Exists, HardState) = (false, true, _nextHardState);
        int kept = (int)Math.Clamp(_nextFrom.Previous - Base, 0, _terms.Count);
        _terms.RemoveRange(kept, _terms.Count - kept);
        int covered = (int)Math.Clamp(_nextBase - Base, 0, _terms.Count);
        _terms.RemoveRange(0, covered);
        Base = _nextBase;
        _terms.AddRange(_nextTerms);
        Invariant.Check(Last == _nextLast, $"The mirror of a disk ends at {Last}, not at {_nextLast}.");
    }

    /// <summary>The node started: what it found counts from now on.</summary>
    internal void Recovered(LogGroup group, RaftLog log)
    {
        (InFlight, Exists, HardState, Base) = (false, true, group.HardState, group.FirstIndex.Previous);
        _terms.Clear();
        for (LogIndex index = group.FirstIndex; index <= group.LastIndex; index = index.Next) _terms.Add(log.TryTermAt(index, out Term term) ? term : Term.Zero);
    }

    /// <summary>The machine stopped with a batch on its way; what became of it shows at the next start.</summary>
    internal void Forget()
    {
        InFlight = false;
        Exists = false;
        HardState = default;
        Base = LogIndex.Zero;
        _terms.Clear();
    }
}
