using System.Collections.Immutable;
using Quorleans.Raft;

namespace Quorleans.KeyValue.Controller;

/// <summary>
/// The shard controller as a replicated state machine: numbered configurations, groups and their lives, and at most one move on its way for each shard
/// (encodings: <see cref="ControllerCodec"/>). Pure and deterministic.
/// </summary>
/// <remarks>
/// A configuration says where each shard <b>shall</b> be (its target). Where it <b>is</b> (owner and epoch) changes only when a move is reported
/// committed, by groups whose logs have decided it:
/// <code>
/// shard 7: owner g1, epoch 4, target g1
///   Join g2        → target g2, move 90 (g1 → g2, epoch 4 → 5)
///   Leave g2       → target g1; move 90 is still on its way, and only the source's log knows whether it can be stopped
///   MoveAborted 90 → owner g1, epoch 4: where it shall be; g2 is gone
///   MoveCommitted 90 instead → owner g2, epoch 5, and at once move 97 (g2 → g1, epoch 5 → 6); g2 stays until that is committed
/// </code>
/// See <c>MoveTests.LeaveOfADestination_IsSettledByWhatTheSourcesLogDecided</c>.
/// </remarks>
public sealed class ControllerStateMachine : IStateMachine
{
    private readonly ControllerOptions _options;
    private ControllerState _state;
    private KnownDigest? _digest;

    /// <summary>Creates a controller in the state that a cluster begins with.</summary>
    /// <param name="options">The cluster's options.</param>
    /// <exception cref="ArgumentException">The options make no sense.</exception>
    public ControllerStateMachine(ControllerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        _options = options;
        _state = ControllerState.Genesis(options);
    }

    /// <summary>The map as it stands here. Never changes; may be read on any thread, and is behind the group's newest there.</summary>
    public ShardMap Map => _state.Map;

    /// <summary>The newest configuration as it stands here, as <see cref="Map"/>.</summary>
    public ShardConfiguration Newest => _state.Newest;

    /// <summary>A digest of the whole state: equal on all replicas that applied the same entries. Costs a snapshot's encoding when the state is another one.</summary>
    public UInt128 Digest
    {
        get
        {
            ControllerState state = _state;
            if (_digest is { } known && ReferenceEquals(known.State, state)) return known.Digest;
            UInt128 digest = ControllerSnapshot.DigestOf(state, _options);
            _digest = new KnownDigest(state, digest);
            return digest;
        }
    }

    internal ControllerState State => _state;

    /// <inheritdoc/>
    /// <exception cref="InvariantViolationException">The entry is none that <see cref="Validate"/> lets through, or log time went back.</exception>
    public ReadOnlyMemory<byte> Apply(in LogEntry entry, bool wantResult)
    {
        long now = entry.Time.Milliseconds;
        Invariant.Check(now >= _state.TimeMs, $"log time went back from {_state.TimeMs} to {now} ms at index {entry.Index}");
        ValidationError error = ControllerCodec.TryRead(entry.Payload.Span, out CommandSession session, out ControllerCommand? command);
        // Skipping an entry that other replicas may understand would make the states differ: better to stop.
        Invariant.Check(!error.IsError, $"the committed entry {entry.Index} cannot be applied: {error}");

        ControllerState state = _state with { TimeMs = now };
        ControllerResult result = session.IsNone ? Execute(ref state, command!, entry.Index) : ExecuteOnce(ref state, session, command!, entry.Index);
        _state = Sweep(state);
        return wantResult ? ControllerCodec.Encode(result) : default;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> request)
    {
        ValidationError error = ControllerCodec.TryRead(request.Span, out ControllerQuery? query);
        if (error.IsError) throw new ArgumentException(error.Message, nameof(request));
        return ControllerCodec.Encode(query switch
        {
            ConfigurationQuery configuration => Answer(configuration.Number),
            MapQuery map => new MapAnswer(_state.Map.Revision, map.KnownRevision == _state.Map.Revision ? null : _state.Map),
            PlanQuery plan => Plan(plan.Command),
            _ => throw new ArgumentException("That is no query.", nameof(request)),
        });
    }

    /// <inheritdoc/>
    public string? Validate(ReadOnlyMemory<byte> payload, bool isQuery)
    {
        if (payload.Length > _options.Limits.MaxRequestBytes) return $"The request has {payload.Length} bytes; the limit is {_options.Limits.MaxRequestBytes}. Name fewer groups at a time.";
        ValidationError error = isQuery
            ? ControllerCodec.TryRead(payload.Span, out ControllerQuery? _)
            : ControllerCodec.TryRead(payload.Span, out CommandSession _, out _);
        return error.Message;
    }

    /// <inheritdoc/>
    public ISnapshotView Capture() => new ControllerSnapshot(_state, _options);

    /// <inheritdoc/>
    public object Load(Stream source, CancellationToken cancellationToken) => ControllerSnapshot.Load(source, _options, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The object was not returned by <see cref="Load"/>.</exception>
    public void Install(object loaded)
    {
        if (loaded is not ControllerState state) throw new ArgumentException("Only what Load returned can be installed.", nameof(loaded));
        _state = state;
    }

    private ControllerResult Execute(ref ControllerState state, ControllerCommand command, LogIndex index)
    {
        var edit = new MapEdit(state.Map, _options, index.Value);
        ControllerResult result = edit.Execute(command);
        if (result.Status == ControllerStatus.Ok) state = state.With(edit, _options.Limits);
        return result;
    }

    // In this order, as the store does: acknowledged or already done, past its deadline, over a limit, and only then executed.
    private ControllerResult ExecuteOnce(ref ControllerState state, CommandSession command, ControllerCommand body, LogIndex index)
    {
        long number = state.Map.Number;
        if (state.Sessions.TryGetValue(command.Client, out ControllerSession? session))
        {
            if (command.Sequence <= session.Floor) return new ControllerResult(ControllerStatus.Stale, number);
            session = session.Acknowledge(command.Floor);
            state = state with { Sessions = state.Sessions.SetItem(command.Client, session) };
            if (session.TryGet(command.Sequence, out ControllerResult before)) return before;
        }

        long deadline = command.DeadlineMs == 0 ? ControllerSession.NoDeadline : command.DeadlineMs;
        if (state.TimeMs > deadline)
        {
            // As long as its result would still be here, its absence proves that the command did not happen.
            bool wouldBeHere = deadline >= state.TimeMs - _options.Limits.ResultRetentionMs;
            return new ControllerResult(wouldBeHere ? ControllerStatus.DeadlinePassed : ControllerStatus.Stale, number);
        }

        bool full = session is null ? state.Sessions.Count >= _options.Limits.MaxSessions : session.Results.Length >= _options.Limits.MaxSessionResults;
        if (full) return new ControllerResult(ControllerStatus.Busy, number);
        session ??= new ControllerSession(command.Floor, 0, []);
        ControllerResult result = Execute(ref state, body, index);
        session = session.Add(new SessionResult(command.Sequence, deadline, result));
        state = state with { Sessions = state.Sessions.SetItem(command.Client, session) };
        return result;
    }

    private ControllerState Sweep(ControllerState state)
    {
        if (state.TimeMs < state.NextSweepMs) return state;
        int retention = _options.Limits.ResultRetentionMs;
        long cutoff = state.TimeMs - retention;
        ImmutableSortedDictionary<ClientId, ControllerSession>.Builder sessions = state.Sessions.ToBuilder();
        foreach ((ClientId client, ControllerSession session) in state.Sessions)
        {
            // When all its deadlines are over, any copy of its commands is refused by its own deadline, so that forgetting it lets none in.
            if (session.LatestDeadlineMs < cutoff) sessions.Remove(client);
            else if (session.Sweep(cutoff) is var swept && !ReferenceEquals(swept, session)) sessions[client] = swept;
        }

        return state with { Sessions = sessions.ToImmutable(), NextSweepMs = state.TimeMs + Math.Max(1000, retention / 4) };
    }

    private ConfigurationAnswer Answer(long number)
    {
        long first = _state.History[0].Number, newest = _state.Newest.Number;
        if (number < 0 || number > newest) return new ConfigurationAnswer(first, _state.Newest);
        return new ConfigurationAnswer(first, number < first ? null : _state.History[(int)(number - first)]);
    }

    private PlanAnswer Plan(ControllerCommand command)
    {
        ControllerState after = _state;
        ControllerResult result = Execute(ref after, command, new LogIndex(_state.Map.Revision + 1));
        ImmutableArray<PlannedChange>.Builder changes = ImmutableArray.CreateBuilder<PlannedChange>();
        for (int i = 0; i < after.Map.Shards.Length; i++)
        {
            ShardPlace before = _state.Map.Shards[i];
            int target = after.Map.Shards[i].Target;
            if (before.Target != target) changes.Add(new PlannedChange(new ShardId(i), before.Target, target, before.Owner));
        }

        return new PlanAnswer(result, changes.DrainToImmutable());
    }

    // One object, so that a reader on another thread never sees half of it.
    private sealed record KnownDigest(ControllerState State, UInt128 Digest);
}
