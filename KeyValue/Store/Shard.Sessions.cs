using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

internal sealed partial class Shard
{
    private readonly CowTree<Session> _sessions;
    private object _sessionOwner = new();

    /// <summary>The session used last, and owned: a batch is of one client, so its next operation here most likely wants it again.</summary>
    private Session? _recent;

    /// <summary>Clients that have a session.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Cached results of all sessions.</summary>
    public int Results { get; private set; }

    /// <summary>
    /// Applies one write exactly once (dissertation §6.3, with sessions per client and shard). Decides in this order:
    /// acknowledged or already done (then the same answer again), past its deadline, over a limit, and only then executes.
    /// </summary>
    /// <param name="client">Who sent it.</param>
    /// <param name="operation">The write.</param>
    /// <param name="nowMs">The entry's log time.</param>
    /// <param name="limits">The cluster's limits.</param>
    /// <returns>Its status, version and, of a transaction that is done, body.</returns>
    public CachedResult Apply(ClientId client, in WriteOperationView operation, long nowMs, KeyValueLimits limits)
    {
        Session? session = FindOwned(client);
        if (session is not null)
        {
            if (operation.Sequence <= session.Floor) return Done(OperationStatus.Stale, 0);
            if (operation.Floor > session.Floor) RaiseFloor(session, operation.Floor);
            if (session.TryGet(operation.Sequence, out CachedResult before)) return before;
        }

        long deadline = operation.DeadlineMs == 0 ? Session.NoDeadline : operation.DeadlineMs;
        if (nowMs > deadline)
        {
            // As long as its result would still be here, its absence proves that the operation did not happen.
            bool wouldBeHere = deadline >= nowMs - limits.ResultRetentionMs;
            return Done(wouldBeHere ? OperationStatus.DeadlinePassed : OperationStatus.Stale, 0);
        }

        bool isTransaction = operation.Kind == OperationKind.Transaction;
        TransactionPlan plan = isTransaction ? Plan(operation.Value, limits) : default;
        if (session is null)
        {
            if (_sessions.Count >= limits.MaxSessionsPerShard) return Done(OperationStatus.Busy, 0);
            session = AddSession(client, operation.Floor);
        }
        else if (session.Count >= limits.MaxSessionResults || session.BodyBytes + plan.ResultBytes > limits.MaxSessionResultBytes)
        {
            return Done(OperationStatus.Busy, 0);
        }

        CachedResult done = !isTransaction ? Execute(operation, limits.MaxValueBytes)
            : plan.Problem == OperationStatus.None ? Run(operation.Value, plan, limits)
            : Done(plan.Problem, 0);
        CachedResult result = done with { Sequence = operation.Sequence, DeadlineMs = deadline };
        bool later = deadline > session.LatestDeadlineMs;
        if (later) Digest -= session.Hash;
        session.Add(result);
        if (later) Digest += session.Hash;
        Digest += StrongHash.OfResult(client, result);
        Results++;
        return result;
    }

    /// <summary>
    /// Goes on with the removal of sessions and results that can matter no more, in client order.
    /// </summary>
    /// <param name="after">The client to go on behind; none for the first. Set to the last one looked at.</param>
    /// <param name="cutoffMs">Log time less the retention.</param>
    /// <param name="budget">How much to look at; reduced by what was.</param>
    /// <returns>Whether the shard's end was reached.</returns>
    public bool Sweep(ref ClientId after, long cutoffMs, ref int budget)
    {
        Span<byte> key = stackalloc byte[ClientId.Size];
        while (budget > 0)
        {
            after.Write(key);
            CowTree<Session>.Cursor cursor = _sessions.Seek(key, inclusive: false);
            if (cursor.IsEnd) return true;
            Session session = cursor.Value;
            after = session.Client;
            budget -= 1 + session.Count / 16;
            if (session.IsOver(cutoffMs)) RemoveSession(session);
            else if (session.HasExpired(cutoffMs)) DropExpired(session.Client, cutoffMs);
        }

        return false;
    }

    /// <summary>Starts reading the sessions in client order; their keys are the encoded clients.</summary>
    public CowTree<Session>.Cursor SeekSessions() => _sessions.Seek([], inclusive: true);

    private Session? FindOwned(ClientId client)
    {
        if (_recent is not null && _recent.Client == client) return _recent;
        Span<byte> key = stackalloc byte[ClientId.Size];
        client.Write(key);
        ref Session session = ref _sessions.FindForUpdate(key);
        if (Unsafe.IsNullRef(in session)) return null;
        if (!ReferenceEquals(session.Owner, _sessionOwner)) session = session.CopyFor(_sessionOwner);
        return _recent = session;
    }

    private Session AddSession(ClientId client, long floor)
    {
        Span<byte> key = stackalloc byte[ClientId.Size];
        client.Write(key);
        var session = new Session(_sessionOwner, client, floor);
        _sessions.GetOrAdd(key, out _) = session;
        Digest += session.Hash;
        return _recent = session;
    }

    private void RaiseFloor(Session session, long floor)
    {
        Digest -= session.Hash;
        int acknowledged = session.RaiseFloor(floor);
        foreach (ref readonly CachedResult result in session.Results[..acknowledged]) Digest -= StrongHash.OfResult(session.Client, result);
        session.DropFirst(acknowledged);
        Results -= acknowledged;
        Digest += session.Hash;
    }

    private void DropExpired(ClientId client, long cutoffMs)
    {
        Session session = FindOwned(client)!;
        int before = session.Count;
        Digest -= session.DropExpired(cutoffMs);
        Results -= before - session.Count;
    }

    private void RemoveSession(Session session)
    {
        Digest -= session.Hash;
        foreach (ref readonly CachedResult result in session.Results) Digest -= StrongHash.OfResult(session.Client, result);
        Results -= session.Count;
        Span<byte> key = stackalloc byte[ClientId.Size];
        session.Client.Write(key);
        _sessions.Remove(key);
        _recent = null;
    }
}
