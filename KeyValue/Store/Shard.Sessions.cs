using System.Runtime.CompilerServices;

namespace Quorleans.KeyValue.Store;

internal sealed partial class Shard
{
    private readonly SessionTable _sessions;

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
        ref Session session = ref _sessions.FindForUpdate(client);
        bool isNew = Unsafe.IsNullRef(in session);
        if (!isNew)
        {
            if (operation.Sequence <= session.Floor) return Done(OperationStatus.Stale, 0);
            if (operation.Floor > session.Floor) RaiseFloor(client, ref session, operation.Floor);
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
        if (isNew)
        {
            if (_sessions.Count >= limits.MaxSessionsPerShard) return Done(OperationStatus.Busy, 0);
            session = ref AddSession(client, operation.Floor);
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
        if (later) Digest -= session.Hash(client);
        session.Add(_sessions.Owner, result);
        if (later) Digest += session.Hash(client);
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
        while (budget > 0)
        {
            SessionTable.Cursor cursor = _sessions.SeekAfter(after);
            if (cursor.IsEnd) return true;
            ref readonly Session session = ref cursor.Session;
            after = cursor.Client;
            budget -= 1 + session.Count / 16;
            if (session.IsOver(cutoffMs)) RemoveSession(after, session);
            else if (session.HasExpired(cutoffMs)) DropExpired(after, cutoffMs);
        }

        return false;
    }

    /// <summary>Looks a client's session up, for reading.</summary>
    /// <returns>The session, or a null reference. Valid until the next change.</returns>
    public ref readonly Session FindSession(ClientId client) => ref _sessions.Find(client);

    /// <summary>Starts reading the sessions behind a client, in client order; behind none, with the first.</summary>
    public SessionTable.Cursor SeekSessionsAfter(ClientId client) => _sessions.SeekAfter(client);

    private ref Session AddSession(ClientId client, long floor)
    {
        ref Session session = ref _sessions.GetOrAdd(client, out _);
        session = new Session(floor, 0);
        Digest += session.Hash(client);
        return ref session;
    }

    private void RaiseFloor(ClientId client, ref Session session, long floor)
    {
        Digest -= session.Hash(client);
        int acknowledged = session.RaiseFloor(floor);
        foreach (ref readonly CachedResult result in session.Results[..acknowledged]) Digest -= StrongHash.OfResult(client, result);
        session.DropFirst(acknowledged);
        Results -= acknowledged;
        Digest += session.Hash(client);
    }

    private void DropExpired(ClientId client, long cutoffMs)
    {
        ref Session session = ref _sessions.FindForUpdate(client);
        int before = session.Count;
        Digest -= session.DropExpired(client, cutoffMs);
        Results -= before - session.Count;
    }

    private void RemoveSession(ClientId client, in Session session)
    {
        Digest -= session.Hash(client);
        foreach (ref readonly CachedResult result in session.Results) Digest -= StrongHash.OfResult(client, result);
        Results -= session.Count;
        _sessions.Remove(client);
    }
}
