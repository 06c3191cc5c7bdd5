using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

/// <summary>
/// The store as simply as it can be written down: strings, dictionaries, and sessions that never forget. Where the real one may have forgotten (a
/// deadline over for longer than the retention), it allows both answers.
/// </summary>
internal sealed class ModelStore(ShardFunction shardFunction, KeyValueLimits limits)
{
    private readonly Dictionary<(int Client, ShardId Shard), (long Floor, Dictionary<long, (OperationStatus, long)> Done)> _sessions = [];
    private readonly Dictionary<(int Client, ShardId Shard), long> _latestDeadlines = [];
    private readonly Dictionary<ShardId, long> _revisions = [];

    public SortedDictionary<string, (string Value, long Version)> Data { get; } = new(StringComparer.Ordinal);

    /// <summary>How many operations were executed.</summary>
    public int Executed { get; private set; }

    /// <summary>Applies one operation.</summary>
    /// <param name="client">Who sent it.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="now">The log time.</param>
    /// <param name="answered">
    /// What the store has answered. It shows whether the store has forgotten a session that is over: then an operation that its client has given up, and that was
    /// never done, may still be done before its own deadline, as its unknown outcome says.
    /// </param>
    /// <returns>The answers that the store may give.</returns>
    public (OperationStatus Status, long Version)[] Apply(int client, WriteOperation operation, long now, OperationStatus answered)
    {
        ShardId shard = shardFunction.Of(operation.Key.Span);
        if (!_sessions.TryGetValue((client, shard), out var session)) session = (0, []);
        bool forgotten = operation.DeadlineMs != 0 && now > operation.DeadlineMs + limits.ResultRetentionMs;
        bool late = operation.DeadlineMs != 0 && now > operation.DeadlineMs;
        bool done = session.Done.TryGetValue(operation.Sequence, out (OperationStatus, long) before);
        bool isOver = _latestDeadlines.TryGetValue((client, shard), out long latest) && latest < now - limits.ResultRetentionMs;
        if (operation.Sequence <= session.Floor && !done && !late && isOver && answered != OperationStatus.Stale)
        {
            session = (0, []);
            _latestDeadlines.Remove((client, shard));
        }

        if (operation.Sequence <= session.Floor)
        {
            // When the real session is gone, its floor is too: then the deadline answers, truthfully.
            return late && !done ? [(OperationStatus.Stale, 0), (OperationStatus.DeadlinePassed, 0)] : [(OperationStatus.Stale, 0)];
        }

        // Refused operations open no session, so their floors count only where there is one.
        if (session.Done.Count > 0) _sessions[(client, shard)] = (Math.Max(session.Floor, operation.Floor), session.Done);
        if (done) return forgotten ? [before, (OperationStatus.Stale, 0)] : [before];
        if (forgotten) return [(OperationStatus.Stale, 0)];
        if (late) return [(OperationStatus.DeadlinePassed, 0)];

        (OperationStatus, long) result = Execute(operation, shard);
        session.Done[operation.Sequence] = result;
        long deadline = operation.DeadlineMs == 0 ? long.MaxValue : operation.DeadlineMs;
        _latestDeadlines[(client, shard)] = Math.Max(deadline, _latestDeadlines.GetValueOrDefault((client, shard)));
        _sessions[(client, shard)] = (Math.Max(session.Floor, operation.Floor), session.Done);
        Executed++;
        return [result];
    }

    private (OperationStatus, long) Execute(WriteOperation operation, ShardId shard)
    {
        string key = UTF8.GetString(operation.Key.Span), value = UTF8.GetString(operation.Value.Span);
        Data.TryGetValue(key, out (string Value, long Version) old);
        switch (operation.Kind)
        {
            case OperationKind.Put:
                return Set(value);
            case OperationKind.Append:
                string sum = (old.Value ?? "") + value;
                return sum.Length > limits.MaxValueBytes ? (OperationStatus.ValueTooLarge, old.Version) : Set(sum);
            case OperationKind.Delete:
                if (!Data.Remove(key)) return (OperationStatus.NotFound, 0);
                NextRevision();
                return (OperationStatus.Ok, 0);
            default:
                return operation.ExpectedVersion == old.Version ? Set(value) : (OperationStatus.CompareFailed, old.Version);
        }

        (OperationStatus, long) Set(string next)
        {
            long version = NextRevision();
            Data[key] = (next, version);
            return (OperationStatus.Ok, version);
        }

        long NextRevision() => _revisions[shard] = _revisions.GetValueOrDefault(shard) + 1;
    }
}
