using static System.Text.Encoding;

namespace Quorleans.KeyValue.Tests;

/// <summary>
/// The store as simply as it can be written down: strings, dictionaries, and sessions that never forget. Where the real one may have forgotten (a
/// deadline over for longer than the retention), it allows both answers.
/// </summary>
internal sealed class ModelStore(ShardFunction shardFunction, KeyValueLimits limits)
{
    private readonly Dictionary<(int Client, ShardId Shard), (long Floor, Dictionary<long, string> Done)> _sessions = [];
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
    /// <returns>The answers that the store may give, as <see cref="Transactions.Render"/> writes them.</returns>
    public string[] Apply(int client, WriteOperation operation, long now, OperationStatus answered)
    {
        ShardId shard = shardFunction.Of(operation.Key.Span);
        if (!_sessions.TryGetValue((client, shard), out var session)) session = (0, []);
        bool forgotten = operation.DeadlineMs != 0 && now > operation.DeadlineMs + limits.ResultRetentionMs;
        bool late = operation.DeadlineMs != 0 && now > operation.DeadlineMs;
        bool done = session.Done.TryGetValue(operation.Sequence, out string? before);
        bool isOver = _latestDeadlines.TryGetValue((client, shard), out long latest) && latest < now - limits.ResultRetentionMs;
        if (operation.Sequence <= session.Floor && !done && !late && isOver && answered != OperationStatus.Stale)
        {
            session = (0, []);
            _latestDeadlines.Remove((client, shard));
        }

        if (operation.Sequence <= session.Floor)
        {
            // When the real session is gone, its floor is too: then the deadline answers, truthfully.
            return late && !done ? ["Stale", "DeadlinePassed"] : ["Stale"];
        }

        // Refused operations open no session, so their floors count only where there is one.
        if (session.Done.Count > 0) _sessions[(client, shard)] = (Math.Max(session.Floor, operation.Floor), session.Done);
        if (done) return forgotten ? [before!, "Stale"] : [before!];
        if (forgotten) return ["Stale"];
        if (late) return ["DeadlinePassed"];

        string result = operation.Kind == OperationKind.Transaction
            ? Run(operation.Value.Span, shard)
            : Line(Execute(operation.Kind, UTF8.GetString(operation.Key.Span), UTF8.GetString(operation.Value.Span), operation.ExpectedVersion, shard));
        session.Done[operation.Sequence] = result;
        long deadline = operation.DeadlineMs == 0 ? long.MaxValue : operation.DeadlineMs;
        _latestDeadlines[(client, shard)] = Math.Max(deadline, _latestDeadlines.GetValueOrDefault((client, shard)));
        _sessions[(client, shard)] = (Math.Max(session.Floor, operation.Floor), session.Done);
        Executed++;
        return [result];
    }

    private static string Line((OperationStatus Status, long Version) result) => Transactions.RenderStep(result.Status, result.Version, null);

    /// <summary>Tries the branch on a copy, and keeps it if nothing failed.</summary>
    private string Run(ReadOnlySpan<byte> body, ShardId shard)
    {
        var reader = new TransactionReader(body);
        bool holds = true;
        for (int i = reader.Count(); i > 0; i--)
        {
            reader.ReadCompare(out TransactionCompareView compare);
            Data.TryGetValue(UTF8.GetString(compare.Key), out (string Value, long Version) item);
            holds &= compare.Target == CompareTarget.Version ? Holds(compare.Operator, item.Version.CompareTo(compare.Version))
                : item.Value is not null && Holds(compare.Operator, string.CompareOrdinal(item.Value, UTF8.GetString(compare.Value)));
        }

        if (!holds) for (int i = reader.Count(); i > 0; i--) reader.ReadStep(out _);
        (string Key, (string, long) Item)[] before = [.. Data.Select(pair => (pair.Key, pair.Value))];
        long revision = _revisions.GetValueOrDefault(shard), read = 0;
        string line = holds ? "Ok:" : "CompareFailed:", failure = "";
        for (int i = reader.Count(); i > 0; i--)
        {
            reader.ReadStep(out TransactionStepView step);
            string key = UTF8.GetString(step.Key);
            if (step.Kind == OperationKind.Get)
            {
                bool found = Data.TryGetValue(key, out (string Value, long Version) item);
                read += found ? item.Value.Length : 0;
                line += " " + (found ? Transactions.RenderStep(OperationStatus.Ok, item.Version, item.Value) : "NotFound");
                continue;
            }

            (OperationStatus Status, long Version) result = Execute(step.Kind, key, UTF8.GetString(step.Value), 0, shard);
            if (result.Status == OperationStatus.ValueTooLarge) failure = "ValueTooLarge";
            line += " " + Line(result);
        }

        if (failure.Length == 0 && read > limits.MaxTransactionResultBytes) failure = "ResultTooLarge";
        if (failure.Length == 0) return line;
        Data.Clear();
        foreach ((string key, (string, long) item) in before) Data[key] = item;
        _revisions[shard] = revision;
        return failure;
    }

    private static bool Holds(CompareOperator @operator, int order) => @operator switch
    {
        CompareOperator.Equal => order == 0, CompareOperator.NotEqual => order != 0, CompareOperator.Less => order < 0, _ => order > 0,
    };

    private (OperationStatus, long) Execute(OperationKind kind, string key, string value, long expected, ShardId shard)
    {
        Data.TryGetValue(key, out (string Value, long Version) old);
        switch (kind)
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
                return expected == old.Version ? Set(value) : (OperationStatus.CompareFailed, old.Version);
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
