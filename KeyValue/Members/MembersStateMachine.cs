using System.Collections.Immutable;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Members;

/// <summary>
/// Orleans' membership table as a replicated state machine (encodings: <see cref="MembersCodec"/>). Pure and deterministic, and it knows nothing of Orleans but its rules:
/// every insert and update is a compare-and-set on the table's etag, and on the row's when there is one; a heartbeat changes no etag, so that it never makes either fail.
/// </summary>
/// <remarks>
/// Times come as ages and are kept in log time, so that silos whose clocks differ read each other's times right:
/// <code>
/// n1, whose clock is an hour ahead, writes "alive at 13:00:00" at 13:00:02   → age 2 s; log time is 500 s, so alive at 498 s
/// n2 reads it at 12:00:03 when log time is 503 s                             → 5 s ago: alive at 11:59:58
/// </code>
/// See <c>ClusteringTests.TimesAreRight_ForSilosWhoseClocksDiffer</c>.
/// </remarks>
public sealed class MembersStateMachine : IStateMachine
{
    private volatile MembersState _state = new();

    /// <summary>The nodes that were added and removed, as far as this replica has applied. Any thread may ask.</summary>
    public NodesAnswer Nodes => _state.NodesAnswer;

    /// <inheritdoc/>
    /// <exception cref="InvariantViolationException">The entry is none that <see cref="Validate"/> lets through, or log time went back.</exception>
    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        long now = entry.Time.Milliseconds;
        Invariant.Check(now >= _state.TimeMs, $"log time went back from {_state.TimeMs} to {now} ms at index {entry.Index}");
        MembersCommand? command = MembersCodec.TryReadCommand(entry.Payload);
        // Skipping an entry that other replicas may understand would make the states differ: better to stop.
        Invariant.Check(command is not null, $"the committed entry {entry.Index} cannot be applied");
        MembersState state = _state with { TimeMs = now };
        MembersStatus status = Execute(ref state, command);
        _state = state;
        return wantResult ? MembersCodec.Encode(status) : default;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request)
    {
        if (MembersCodec.IsReadNodes(request.Span)) return MembersCodec.Encode(_state.NodesAnswer);
        if (!MembersCodec.TryReadQuery(request.Span, out string? silo)) throw new ArgumentException("That is no query of the membership table.", nameof(request));
        MembersRow? one = silo is null ? null : _state.Rows.GetValueOrDefault(silo);
        IReadOnlyList<MembersRow> rows = silo is null ? [.. _state.Rows.Values] : one is null ? [] : [one];
        return MembersCodec.Encode(new MembersAnswer(_state.Version, _state.Etag, rows));
    }

    /// <inheritdoc/>
    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery)
    {
        if (payload.Length > MembersLimits.MaxRequestBytes) return $"The request has {payload.Length} bytes; the limit is {MembersLimits.MaxRequestBytes}.";
        bool isValid = isQuery ? MembersCodec.IsReadNodes(payload.Span) || MembersCodec.TryReadQuery(payload.Span, out _) : MembersCodec.TryReadCommand(payload) is not null;
        return isValid ? null : "The request to the membership table is malformed.";
    }

    /// <inheritdoc/>
    public ISnapshotView Capture() => new MembersSnapshot(_state);

    /// <inheritdoc/>
    public object Load(Stream source, CancellationToken cancellationToken) => MembersSnapshot.Load(source, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The object was not returned by <see cref="Load"/>.</exception>
    public void Install(object loaded) => _state = loaded as MembersState ?? throw new ArgumentException("Only what Load returned can be installed.", nameof(loaded));

    private static MembersStatus Execute(ref MembersState state, MembersCommand command)
    {
        switch (command)
        {
            case WriteRow write:
                return WriteOnce(ref state, write);
            case KeepAlive alive:
                if (state.Rows.TryGetValue(alive.Silo, out MembersRow? row))
                    state = state with { Rows = state.Rows.SetItem(alive.Silo, row with { AliveMs = Math.Max(row.AliveMs, state.TimeMs - alive.AgeMs) }) };
                return MembersStatus.Done;
            case RetireNode retire:
                return Retire(ref state, retire.Node);
            case RemoveDefunct defunct:
                return Remove(ref state, state.TimeMs - defunct.AgeMs);
            case TakeTurn take:
                if (state.Turn.Length > 0 && state.Turn != take.Node && state.TimeMs < state.TurnUntilMs) return MembersStatus.Conflict;
                state = state with { Turn = take.Node, TurnUntilMs = state.TimeMs + take.LeaseMs };
                return MembersStatus.Done;
            case EndTurn end:
                if (state.Turn == end.Node) state = state with { Turn = "", TurnUntilMs = 0 };
                return MembersStatus.Done;
            case AddNode add:
                return Add(ref state, add.Node);
            case RemoveNode remove:
                return Remove(ref state, remove.Node);
            case RemoveAll:
                state = state with { Rows = state.Rows.Clear() };
                return MembersStatus.Done;
            default:
                throw new InvariantViolationException($"{command.GetType().Name} is no command");
        }
    }

    private static MembersStatus WriteOnce(ref MembersState state, WriteRow write)
    {
        if (state.Recall(write.Request) is { } before) return before;
        MembersStatus status = Write(ref state, write);
        state = state.Remember(write.Request, status);
        return status;
    }

    private static MembersStatus Write(ref MembersState state, WriteRow write)
    {
        if (write.TableEtag != state.Etag || write.TableVersion - 1 != state.Version) return MembersStatus.Conflict;
        bool isKnown = state.Rows.TryGetValue(write.Silo, out MembersRow? row);
        if (write is UpdateRow update ? !isKnown || row!.Etag != update.RowEtag : isKnown) return MembersStatus.Conflict;
        if (!isKnown && state.Rows.Count >= MembersLimits.MaxRows) return MembersStatus.Full;
        long etag = state.Etag + 1, now = state.TimeMs;
        state = state with
        {
            Version = write.TableVersion,
            Etag = etag,
            Rows = state.Rows.SetItem(write.Silo, new MembersRow
            {
                Silo = write.Silo, Node = write.Node, Status = write.Status, Etag = etag, WrittenMs = now, Entry = write.Entry,
                // A silo's own heartbeat may have come in after the row was read that is written back here.
                AliveMs = Math.Max(row?.AliveMs ?? long.MinValue, now - write.AliveAgeMs), SignMs = now - write.SignAgeMs,
            }),
        };
        return MembersStatus.Done;
    }

    private static MembersStatus Retire(ref MembersState state, string node)
    {
        ImmutableSortedDictionary<string, MembersRow> rows = state.Rows;
        long etag = state.Etag + 1;
        foreach ((string silo, MembersRow row) in state.Rows)
            if (row.Node == node && row.Status != MembersRow.Dead) rows = rows.SetItem(silo, row with { Status = MembersRow.Dead, Etag = etag });
        // The table is another one for everybody only if something has changed: whoever retires twice disturbs nobody.
        if (!ReferenceEquals(rows, state.Rows)) state = state with { Rows = rows, Etag = etag, Version = state.Version + 1 };
        return MembersStatus.Done;
    }

    private static MembersStatus Add(ref MembersState state, MemberNode node)
    {
        if (state.RemovedNodes.Contains(node.Name)) return MembersStatus.Removed;
        if (state.Nodes.TryGetValue(node.Name, out MemberNode? known)) return known == node ? MembersStatus.Done : MembersStatus.Taken;
        foreach (MemberNode other in state.Nodes.Values)
            if (other.SharesPort(node)) return MembersStatus.Taken;
        if (state.Nodes.Count >= MembersLimits.MaxNodes) return MembersStatus.Full;
        state = state with { NodesVersion = state.NodesVersion + 1, Nodes = state.Nodes.Add(node.Name, node) };
        return MembersStatus.Done;
    }

    private static MembersStatus Remove(ref MembersState state, string node)
    {
        if (state.RemovedNodes.Contains(node)) return MembersStatus.Done;
        if (state.RemovedNodes.Count >= MembersLimits.MaxRemovedNodes) return MembersStatus.Full;
        state = state with { NodesVersion = state.NodesVersion + 1, Nodes = state.Nodes.Remove(node), RemovedNodes = state.RemovedNodes.Add(node) };
        return MembersStatus.Done;
    }

    private static MembersStatus Remove(ref MembersState state, long beforeMs)
    {
        ImmutableSortedDictionary<string, MembersRow> rows = state.Rows;
        foreach ((string silo, MembersRow row) in state.Rows)
            if (row.Status == MembersRow.Dead && Math.Max(row.AliveMs, row.SignMs) < beforeMs) rows = rows.Remove(silo);
        state = state with { Rows = rows };
        return MembersStatus.Done;
    }
}
