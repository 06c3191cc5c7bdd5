namespace Quorleans.Raft;

// Log compaction and the transfer of snapshots: paper §7. Files and their chunks are the driver's.
public sealed partial class RaftCore
{
    private readonly List<RaftMessage> _chunks = [];

    /// <summary>The oldest snapshot that is on its way to somebody, or null: its file must stay.</summary>
    public LogIndex? OldestSnapshotInUse
    {
        get
        {
            LogIndex? oldest = null;
            if (Role != RaftRole.Leader) return null;
            foreach (Progress peer in _peers.Values)
                if (peer.Snapshot is { } sent && (oldest is null || sent.Index < oldest)) oldest = sent.Index;
            return oldest;
        }
    }

    /// <summary>What a snapshot taken of the state as applied up to now has to say of itself.</summary>
    public SnapshotMetadata DescribeSnapshot()
    {
        LogIndex index = Applied;
        bool held = Log.TryTermAt(index, out Term term);
        Invariant.Check(held, $"The applied entry {index} is not in the log ({Log.BaseIndex}..{Log.LastIndex}).");
        LogTime time = index == Log.BaseIndex ? Log.BaseTime : Log[index].Time;
        return new SnapshotMetadata(index, term, time, ConfigurationAt(index));
    }

    /// <summary>A snapshot of this member's own state is durable, and the log on disk refers to it.</summary>
    /// <param name="snapshot">From <see cref="DescribeSnapshot"/>.</param>
    /// <param name="compactTo">The last entry to forget; at most the snapshot's index. Keeping some helps followers that are a little behind.</param>
    public void OnSnapshotTaken(SnapshotMetadata snapshot, LogIndex compactTo)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (Snapshot is not null && snapshot.Index <= Snapshot.Index) return; // overtaken by one that was installed
        Invariant.Check(snapshot.Index <= Applied, $"A snapshot of {snapshot.Index}, but only {Applied} is applied.");
        Snapshot = snapshot;
        Log.CompactTo(LogIndex.Min(compactTo, snapshot.Index));
        CompactConfigurations(Log.BaseIndex);
    }

    /// <summary>The driver has taken in a chunk, and waits for the one at <paramref name="nextOffset"/>.</summary>
    /// <param name="request">The chunk, from <see cref="RaftOutput.Chunks"/>.</param>
    /// <param name="nextOffset">Where the next one begins; 0 to begin again.</param>
    public void OnSnapshotChunk(RaftMessage request, long nextOffset)
    {
        ArgumentNullException.ThrowIfNull(request);
        SendWhenTermIsDurable(SnapshotReply(request, request.Term == Term, nextOffset, LogIndex.Zero));
    }

    /// <summary>A whole snapshot has arrived, its file is verified and durable, and its state is loaded beside the current one.</summary>
    /// <param name="request">The last chunk.</param>
    /// <returns>Whether the state is to be replaced by it now; false when this member has got further meanwhile (R13).</returns>
    public bool OnSnapshotReceived(RaftMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        SnapshotMetadata snapshot = request.Snapshot ?? throw new ArgumentException("Not a snapshot's chunk.", nameof(request));
        bool install = snapshot.Index > Commit;
        if (install) InstallSnapshot(snapshot);
        SendWhenDurable(SnapshotReply(request, request.Term == Term, request.TotalBytes, Commit));
        return install;
    }

    private void InstallSnapshot(SnapshotMetadata snapshot)
    {
        // If the log holds the snapshot's last entry, what follows it is kept (paper §7).
        bool keep = Log.TryTermAt(snapshot.Index, out Term term) && term == snapshot.Term;
        Invariant.Check(keep || Role != RaftRole.Leader, $"The leader's log lacks entry {snapshot.Index} of term {snapshot.Term}, which is committed.");
        // The disk keeps what follows only if it was given that entry too. A truncation that it has not seen yet may lie before it: then the disk
        // still has the old entries there and behind it, and they must go (SnapshotKeepsNothingOnDisk_WhenTheDiskHasNotSeenTheTruncationBeforeIt).
        _restoreKeepsLog = keep && _handed >= snapshot.Index;
        if (keep)
        {
            Log.CompactTo(snapshot.Index);
            CompactConfigurations(snapshot.Index);
            _handed = LogIndex.Max(_handed, snapshot.Index);
        }
        else
        {
            Log.Reset(snapshot.Index, snapshot.Term, snapshot.Time);
            _configurations.Clear();
            _configurations.Add(snapshot.Membership);
            foreach (PendingWrite write in _writes) write.Last = LogIndex.Min(write.Last, Commit);
            (_handed, Durable) = (snapshot.Index, LogIndex.Min(Durable, Commit));
        }

        // It counts as durable when the record of it is, with the write that hands it out: until then a crash takes it back.
        (Commit, Applied, _applyHanded) = (snapshot.Index, snapshot.Index, snapshot.Index);
        (Snapshot, _restore) = (snapshot, snapshot);
        _pendingBytes = Log.Bytes;
    }

    private void SendSnapshotChunk(Progress peer)
    {
        Invariant.Check(Snapshot is not null, $"The log begins after {Log.BaseIndex}, but there is no snapshot.");
        if (peer.Snapshot is null) peer.BeginSnapshot(Snapshot);
        peer.Sent(++_sequence);
        SendNow(new RaftMessage
        {
            Kind = MessageKind.InstallSnapshot, From = Self, To = peer.Id, Term = Term, Sequence = _sequence,
            Snapshot = peer.Snapshot, Offset = peer.SnapshotOffset,
        });
    }

    private void StepInstallSnapshot(RaftMessage message)
    {
        Invariant.Check(Role != RaftRole.Leader, $"Two leaders in term {Term}: {Self} and {message.From}.");
        BecomeFollower(Term, message.From);
        if (message.Snapshot is null) return;
        if (message.Snapshot.Index <= Commit) SendWhenDurable(SnapshotReply(message, accepted: true, message.TotalBytes, Commit));
        else _chunks.Add(message);
    }

    private void StepInstallSnapshotReply(RaftMessage message)
    {
        if (Role != RaftRole.Leader || !_peers.TryGetValue(message.From, out Progress? peer)) return;
        bool answersNewest = peer.Answered(message.Sequence);
        if (message.Match > LogIndex.Zero && message.Accepted) Matched(peer, LogIndex.Min(message.Match, Log.LastIndex), answersNewest);
        else if (answersNewest) peer.SnapshotOffset = message.Accepted ? message.Offset : 0;
        // Begun with one that has been replaced since: from its beginning, the newest is as near.
        if (peer.Snapshot is not null && peer.SnapshotOffset == 0 && Snapshot is not null) peer.BeginSnapshot(Snapshot);
    }

    private RaftMessage SnapshotReply(RaftMessage request, bool accepted, long offset, LogIndex match) => new()
    {
        Kind = MessageKind.InstallSnapshotReply, From = Self, To = request.From, Term = Term, Sequence = request.Sequence, Context = request.Context,
        Accepted = accepted, Offset = offset, Match = match,
    };
}
