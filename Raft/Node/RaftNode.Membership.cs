using Microsoft.Extensions.Logging;
using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

// Members come and go: changes of configuration, replicas that are made because a configuration names this node, and replicas that were removed.
public sealed partial class RaftNode
{
    private readonly Dictionary<TaskCompletionSource, LedgerEntry> _unnoted = [];
    private readonly HashSet<string> _coming = new(StringComparer.Ordinal);
    private readonly List<(long Batch, Replica Replica)> _retired = [];
    private ReplicaLedger _ledger = null!;
    private uint _referrals;
    private Func<GroupId, IStateMachine> _machines = null!;

    /// <summary>Changes a group's configuration. Only the leader's node does; the task ends when the change is over, or its fate is out of this replica's hands.</summary>
    /// <param name="group">The group's name.</param>
    /// <param name="change">The change. Its <see cref="MembershipChange.Expected"/> is the index of the configuration in <see cref="GetStateAsync"/>.</param>
    public Task<MembershipOutcome> ChangeMembershipAsync(string group, MembershipChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (_stopReason is { } stopped) return Task.FromResult(new MembershipOutcome(null, IsDone: false, null, null, stopped));
        if (!_replicas.TryGetValue(group, out Replica? replica))
            return Task.FromResult(new MembershipOutcome(null, IsDone: false, null, null, $"Node {Options.Node} has no replica of {group}."));
        PendingChange pending = new(change, _scheduler.Completions);
        Post(replica, pending);
        return pending.Task;
    }

    /// <summary>The youngest member of a group that this disk ever was, or null. Without a replica here it was removed, or its log is lost.</summary>
    /// <param name="group">The group's name.</param>
    public LedgerEntry? FindPast(string group) => _ledger.Find(group);

    /// <summary>Deletes this node's replica of a group that has ended as a whole.</summary>
    /// <param name="group">The group. Nothing happens when another incarnation is here, or none.</param>
    /// <returns>Whether nothing of it is here any more; if not, ask again.</returns>
    public async Task<bool> EndGroupAsync(GroupId group)
    {
        if (!_replicas.TryGetValue(group.Name, out Replica? replica) || replica.Core.Group != group) return _stopReason is null;
        await CallAsync(null, () => Retire(replica)).ConfigureAwait(false);
        return false;
    }

    /// <summary>Whether the log has no space for even the smallest write.</summary>
    public Task<bool> IsDiskExhaustedAsync() => CallAsync(null, () => Log.State is LogState.Open or LogState.Full && !Log.HasRoom(LogEntry.Overhead));

    /// <summary>A node that may know more of a group than this one, whose replica was removed; another one each time. Null when none is known.</summary>
    private string? FindOther(string group)
    {
        if (_ledger.Find(group) is not { Removed: true, Others: { Length: > 0 } others }) return null;
        string[] nodes = others.Split(' ');
        return nodes[(int)(Interlocked.Increment(ref _referrals) % (uint)nodes.Length)];
    }

    private void OpenLedger(IDisk disk, LogRecovery recovery, Func<GroupId, IStateMachine> machines)
    {
        (_machines, _ledger) = (machines, ReplicaLedger.Read(disk));
        // A crash may have come between a group's record in the log and its entry here.
        foreach (RecoveredGroup group in recovery.Groups)
            if (_ledger.MayBecome(group.Id, group.Self)) _ledger.Note(EntryOf(group.Id, group.Self, removed: false));
    }

    /// <summary>Whether a crash has kept the deletion of a removed replica from its end.</summary>
    private bool WasRemoved(RecoveredGroup group) =>
        _ledger.Find(group.Id.Name) is { Removed: true } past && past.Incarnation == group.Id.Incarnation && past.Member >= group.Self.Value;

    private static LedgerEntry EntryOf(GroupId group, MemberId self, bool removed) => new(group.Name, group.Incarnation, self.Value, removed);

    /// <summary>Makes a replica: its record in the log, then its entry in the ledger, and only then does it answer anything.</summary>
    private async Task BeginReplicaAsync(GroupId id, MemberId self, Membership initial, Func<IStateMachine> machine)
    {
        TaskCompletionSource durable = new(_scheduler.Completions);
        LogGroup log = await CallAsync(null, () =>
        {
            if (_replicas.ContainsKey(id.Name) || !_coming.Add(id.Name)) throw new RaftRefusedException($"Group {id.Name} has a replica on {Options.Node} already.");
            try
            {
                if (!_ledger.MayBecome(id, self))
                    throw new RaftRefusedException($"NotMember: the disk of {Options.Node} was member {FindPast(id.Name)!.Member} of {id.Name} and has forgotten it; it cannot be member {self}.");
                LogGroup opened = Log.OpenGroup(id, self, initial);
                _durableWaiters.Enqueue((Log.PendingSequence, durable));
                return opened;
            }
            catch
            {
                _coming.Remove(id.Name);
                throw;
            }
        }).ConfigureAwait(false);
        try
        {
            await durable.Task.ConfigureAwait(false);
            await NoteAsync(EntryOf(id, self, removed: false)).ConfigureAwait(false);
        }
        catch
        {
            await CallAsync(null, () =>
            {
                Log.RemoveGroup(log);
                return _coming.Remove(id.Name);
            }).ConfigureAwait(false);
            throw;
        }

        await CallAsync(null, () =>
        {
            _coming.Remove(id.Name);
            AddReplica(id, self, new RaftRestore { InitialMembership = initial }, log, machine(), null);
            return true;
        }).ConfigureAwait(false);
    }

    private Task NoteAsync(LedgerEntry entry)
    {
        TaskCompletionSource noted = new(_scheduler.Completions);
        _scheduler.RunAside(() => Note(entry, noted));
        return noted.Task;
    }

    private void Note(LedgerEntry entry, TaskCompletionSource noted)
    {
        try
        {
            _ledger.Note(entry);
            noted.SetResult();
        }
        catch (DiskFullException)
        {
            // As with the log: what was begun waits for space.
            Post(null, new LoopCall<bool>(() => _unnoted.TryAdd(noted, entry), _scheduler.Completions));
        }
        catch (Exception e) when (e is DiskException or IOException)
        {
            StopIfDiskFailed(e);
            noted.SetException(e);
        }
    }

    /// <summary>At a tick: what found no space is noted again.</summary>
    private void NoteAgain()
    {
        foreach ((TaskCompletionSource noted, LedgerEntry entry) in _unnoted) _scheduler.RunAside(() => Note(entry, noted));
        _unnoted.Clear();
    }

    internal void SendJoin(Replica replica, Member member)
    {
        RaftMessage join = new()
        {
            Kind = MessageKind.Join, From = replica.Core.Self, To = member.Id, Term = replica.Core.Term, NodeId = member.NodeId,
            // Without the log from its beginning it gets a snapshot before anything else, with its configuration.
            Initial = replica.Core.BaseMembership with { Index = LogIndex.Zero },
        };
        _ = CarryJoinAsync(replica, member, join);
    }

    private async Task CarryJoinAsync(Replica replica, Member member, RaftMessage join)
    {
        try
        {
            byte[] frame = MessageCodec.Encode(Options.ClusterId, replica.Core.Group, join);
            await ((Task)_transport.SendAsync(replica.Core.Group, member, MessageKind.Join, frame)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Unreachable or refused: the next request that cannot be delivered asks again.
        }

        Post(replica, new JoinAnswered(member.Id));
    }

    /// <summary>A leader says that this node's disk has become a member of a group: an empty replica is made, unless the disk was that member before.</summary>
    private async Task<byte[]> JoinAsync(GroupId id, ReadOnlyMemory<byte> frame)
    {
        MessageError error = MessageCodec.TryDecode(Options.ClusterId, id, frame, out RaftMessage? join);
        if (error != MessageError.None) throw new RaftRefusedException($"Node {Options.Node} refuses a message for {id}: {error}.");
        if (join!.NodeId != Options.NodeId) throw new RaftRefusedException($"NotMember: member {join.To} of {id} has another disk than {Options.Node} has.");
        if (_replicas.TryGetValue(id.Name, out Replica? present))
        {
            if (present.Core.Group != id || present.Core.Self > join.To) throw new RaftRefusedException($"NotMember: {Options.Node} is member {present.Core.Self} of {present.Core.Group}.");
            if (present.Core.Self < join.To)
            {
                // One disk is one member at a time: that it is another one now proves that the older one was removed. The leader asks again.
                await CallAsync(present, () => Retire(present)).ConfigureAwait(false);
                throw new RaftRefusedException($"{Options.Node} still deletes its former member {present.Core.Self} of {id}.");
            }
        }
        else
        {
            if (await IsDiskExhaustedAsync().ConfigureAwait(false)) throw new RaftRefusedException(DiskFullMessage);
            await BeginReplicaAsync(id, join.To, join.Initial!, () => _machines(id)).ConfigureAwait(false);
            LogJoined(_logger, Options.Node, join.To.Value, id);
        }

        return MessageCodec.Encode(Options.ClusterId, id, new RaftMessage
        {
            Kind = MessageKind.JoinReply, From = join.To, To = join.From, Term = join.Term, Sequence = join.Sequence, Accepted = true,
        });
    }

    /// <summary>The group has removed a replica: it answers nothing any more, and all it has is deleted. First of all that is noted, so that nobody takes it for a loss.</summary>
    internal bool Retire(Replica replica)
    {
        if (replica.IsRetiring) return false;
        replica.IsRetiring = true;
        replica.Fail($"NotMember: {Options.Node} was removed from {replica.Core.Group}.");
        LogRemoved(_logger, Options.Node, replica.Core.Self.Value, replica.Core.Group);
        _ = DeleteAsync(replica);
        return true;
    }

    private async Task DeleteAsync(Replica replica)
    {
        try
        {
            string others = string.Join(' ', replica.Core.Membership.Voters.Select(static voter => voter.Node).Where(node => node != Options.Node).Distinct());
            await NoteAsync(EntryOf(replica.Core.Group, replica.Core.Self, removed: true) with { Others = others }).ConfigureAwait(false);
            await CallAsync(null, () =>
            {
                Log.RemoveGroup(replica.LogGroup);
                _retired.Add((Log.PendingSequence, replica));
                _inOrder = [.. _inOrder.Where(other => other != replica)];
                return _replicas.TryRemove(replica.Core.Group.Name, out _);
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DiskException or IOException or RaftRefusedException)
        {
            // Stopped, or the disk failed: it is found again at the next start, asks again, and is told again.
        }
    }

    private void CleanRetired()
    {
        NoteAgain();
        for (int i = _retired.Count - 1; i >= 0; i--)
            if (_retired[i].Batch <= Log.DurableSequence && _retired[i].Replica.TryDeleteFiles()) _retired.RemoveAt(i);
    }

    [LoggerMessage(4, LogLevel.Information, "{Node} joins as member {Member} of {Group}.")]
    private static partial void LogJoined(ILogger logger, string node, int member, GroupId group);

    [LoggerMessage(5, LogLevel.Information, "{Node}, member {Member}, was removed from {Group}; its data is deleted.")]
    private static partial void LogRemoved(ILogger logger, string node, int member, GroupId group);
}
