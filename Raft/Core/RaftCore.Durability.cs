namespace Quorleans.Raft;

public sealed partial class RaftCore
{
    // While a disk hangs, each request is another answer that waits for it. Any message may be lost: above this the oldest are, which nobody waits for any more.
    private const int MaxGatedMessages = 2048;
    private readonly Queue<PendingWrite> _writes = new();
    private readonly Queue<GatedMessage> _gated = new();
    private readonly List<RaftMessage> _outbox = [];
    private LogIndex _handed;
    private LogIndex _applyHanded;
    private long _pendingBytes; // of entries that are not applied here yet
    private long _version;
    private long _durableVersion;
    private long _hardStateVersion;
    private bool _hardStateDirty;
    private bool _roleChanged = true;
    private SnapshotMetadata? _restore;
    private bool _restoreKeepsLog;

    /// <summary>What an output asked the storage for, until it is durable. A truncation cuts <see cref="Last"/> down: that is the ABA guard.</summary>
    private sealed class PendingWrite(long version, LogIndex last)
    {
        internal long Version { get; } = version;

        internal LogIndex Last { get; set; } = last;
    }

    private readonly record struct GatedMessage(long Version, RaftMessage Message);

    private bool HasUnhandedWrites => _hardStateDirty || _restore is not null || Log.LastIndex > _handed;

    /// <summary>Everything that an output asked for with this token, and with all before it, is durable.</summary>
    /// <param name="token">From <see cref="RaftOutput.Token"/>.</param>
    public void OnAppended(DurabilityToken token)
    {
        Invariant.Check(token.Version <= _version, $"Token {token.Version} was never given out; the last is {_version}.");
        if (token.Version <= _durableVersion) return;
        _durableVersion = token.Version;
        while (_writes.TryPeek(out PendingWrite? write) && write.Version <= token.Version)
        {
            _writes.Dequeue();
            Durable = LogIndex.Max(Durable, write.Last);
        }

        Invariant.Check(Durable <= Log.LastIndex, $"Durable {Durable} is beyond the log's end {Log.LastIndex}.");
        while (_gated.TryPeek(out GatedMessage gated) && gated.Version <= token.Version) _outbox.Add(_gated.Dequeue().Message);
        if (Role == RaftRole.Candidate && _ownVoteVersion <= token.Version) CountOwnVote();
        if (Role == RaftRole.Leader) AdvanceCommit();
    }

    private void TakeWrites(RaftOutput output)
    {
        if (!HasUnhandedWrites) return;
        _version++;
        output.Token = new DurabilityToken(Term, Log.LastIndex, _version);
        (output.Restore, output.RestoreKeepsLog) = (_restore, _restoreKeepsLog);
        _restore = null;
        if (_hardStateDirty || Log.LastIndex > _handed)
        {
            // The commit index rides along when something is written anyway.
            output.HardState = new HardState(Term, Vote, Commit);
            if (_hardStateDirty) _hardStateVersion = _version;
            _hardStateDirty = false;
        }

        (output.AppendFrom, output.AppendTo) = (_handed.Next, Log.LastIndex);
        _handed = Log.LastIndex;
        _writes.Enqueue(new PendingWrite(_version, Log.LastIndex));
    }

    /// <summary>Sends at once. Only for what promises nothing that a crash could take back.</summary>
    private void SendNow(RaftMessage message) => _outbox.Add(message);

    /// <summary>Sends when all that has happened so far is durable.</summary>
    private void SendWhenDurable(RaftMessage message)
    {
        long version = HasUnhandedWrites ? _version + 1 : _version;
        if (version <= _durableVersion)
        {
            _outbox.Add(message);
            return;
        }

        if (_gated.Count == MaxGatedMessages) _gated.Dequeue();
        _gated.Enqueue(new GatedMessage(version, message));
    }

    /// <summary>Sends when term and vote are durable, however many entries are still on their way.</summary>
    private void SendWhenTermIsDurable(RaftMessage message)
    {
        if (!_hardStateDirty && _hardStateVersion <= _durableVersion) _outbox.Add(message);
        else SendWhenDurable(message);
    }

    private void AppendToLog(in LogEntry entry)
    {
        Log.Append(entry);
        _pendingBytes += entry.Size;
        if (entry.Kind == EntryKind.Configuration) AdoptConfiguration(entry);
    }

    private void TruncateLog(LogIndex from)
    {
        Invariant.Check(from > Commit, $"Truncating at {from}, but {Commit} is committed.");
        for (LogIndex i = from; i <= Log.LastIndex; i = i.Next) _pendingBytes -= Log[i].Size;
        Log.TruncateFrom(from);
        LogIndex last = from.Previous;
        _handed = LogIndex.Min(_handed, last);
        Durable = LogIndex.Min(Durable, last);
        foreach (PendingWrite write in _writes) write.Last = LogIndex.Min(write.Last, last);
        RevertConfiguration(last);
    }

    private void SetHardState(Term term, MemberId vote)
    {
        if (term == Term && vote == Vote) return;
        Invariant.Check(term >= Term, $"The term would go back from {Term} to {term}.");
        Invariant.Check(term > Term || Vote.IsNone, $"A second vote in term {term}: {vote} after {Vote}.");
        _roleChanged |= term > Term;
        (Term, Vote, _hardStateDirty) = (term, vote, true);
    }
}
