using System.Text;
using Quorleans.Clerk;
using Quorleans.KeyValue;

namespace Quorleans.Client.Tests.Fakes;

/// <summary>A store in memory. Faults can be put before an operation (it then did not happen) and after it (its answer is lost).</summary>
internal sealed class FakeClerk : IClerk
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (byte[] Value, long Version)> _data = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>Given an operation's name and key, what it fails with before it happens, or null.</summary>
    public Func<string, string, Exception?> Before { get; set; } = (_, _) => null;

    /// <summary>What it fails with after it has happened, or null.</summary>
    public Func<string, string, Exception?> After { get; set; } = (_, _) => null;

    /// <summary>Runs before each operation, outside of the lock: another client that comes in between.</summary>
    public Action<string, string> Interloper { get; set; } = (_, _) => { };

    public int Calls { get; private set; }

    public string? this[string key]
    {
        get
        {
            lock (_lock) return _data.TryGetValue(key, out (byte[] Value, long Version) entry) ? Encoding.UTF8.GetString(entry.Value) : null;
        }
        set
        {
            lock (_lock)
            {
                if (value is null) _data.Remove(key);
                else _data[key] = (Encoding.UTF8.GetBytes(value), ++_version);
            }
        }
    }

    public void SetBytes(string key, byte[] value)
    {
        lock (_lock) _data[key] = (value, ++_version);
    }

    public Task<GetResult> GetAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Do("get", key, k => _data.TryGetValue(k, out var entry) ? new GetResult(true, entry.Value, entry.Version) : default);

    public Task<long> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Do("put", key, k => Set(k, value.ToArray()));

    public Task<long> AppendAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Do("append", key, k => Set(k, _data.TryGetValue(k, out var entry) ? [.. entry.Value, .. value.Span] : value.ToArray()));

    public Task<bool> DeleteAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Do("delete", key, k => _data.Remove(k));

    public Task<CompareAndSetResult> CompareAndSetAsync(
        ReadOnlyMemory<byte> key, long expectedVersion, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        Do("cas", key, k =>
        {
            long now = _data.TryGetValue(k, out var entry) ? entry.Version : 0;
            return now == expectedVersion
                ? new CompareAndSetResult(true, Set(k, value.ToArray()))
                : new CompareAndSetResult(false, now);
        });

    public Task<TxnResult> TransactAsync(Txn transaction, CancellationToken cancellationToken = default) =>
        Do("txn", transaction.Compares.IsEmpty ? transaction.ThenSteps[0].Key : transaction.Compares[0].Key, _ =>
        {
            bool holds = true;
            foreach (TransactionCompare compare in transaction.Compares)
            {
                _data.TryGetValue(Encoding.UTF8.GetString(compare.Key.Span), out (byte[] Value, long Version) item);
                int order = compare.Target == CompareTarget.Version
                    ? item.Version.CompareTo(compare.Version)
                    : item.Value.AsSpan().SequenceCompareTo(compare.Value.Span);
                holds &= (compare.Target == CompareTarget.Version || item.Version > 0) && compare.Operator switch
                {
                    CompareOperator.Equal => order == 0, CompareOperator.NotEqual => order != 0, CompareOperator.Less => order < 0, _ => order > 0,
                };
            }

            List<TxnStepResult> results = [];
            foreach (TransactionStep step in holds ? transaction.ThenSteps : transaction.ElseSteps) results.Add(Run(step));
            return new TxnResult(holds, results);
        });

    public Task<ScanPage> ScanAsync(ScanRequest request, CancellationToken cancellationToken = default) =>
        Do("scan", request.Prefix, prefix =>
        {
            string from = Encoding.UTF8.GetString(request.From.Span);
            string to = Encoding.UTF8.GetString(request.To.Span);
            List<ScanItem> items = [];
            foreach (var (key, entry) in _data)
            {
                bool inRange = key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(key, from) >= 0
                    && (to.Length == 0 || string.CompareOrdinal(key, to) < 0)
                    && (request.Continuation is null || string.CompareOrdinal(key, request.Continuation) > 0);
                if (!inRange) continue;
                if (items.Count == request.Limit) return new ScanPage(items, Encoding.UTF8.GetString(items[^1].Key.Span));
                items.Add(new ScanItem(Encoding.UTF8.GetBytes(key), entry.Value, entry.Version));
            }

            return new ScanPage(items, null);
        });

    private TxnStepResult Run(TransactionStep step)
    {
        string key = Encoding.UTF8.GetString(step.Key.Span);
        bool found = _data.TryGetValue(key, out (byte[] Value, long Version) item);
        return step.Kind switch
        {
            OperationKind.Put => new TxnStepResult(step.Kind, step.Key, true, Set(key, step.Value.ToArray()), default),
            OperationKind.Append => new TxnStepResult(step.Kind, step.Key, true, Set(key, [.. item.Value ?? [], .. step.Value.Span]), default),
            OperationKind.Delete => new TxnStepResult(step.Kind, step.Key, _data.Remove(key), 0, default),
            _ => new TxnStepResult(step.Kind, step.Key, found, item.Version, item.Value),
        };
    }

    private long Set(string key, byte[] value)
    {
        _data[key] = (value, ++_version);
        return _version;
    }

    // As the real one it does not answer on the caller's thread: clients that go on and on would keep all threads to themselves.
    private async Task<T> Do<T>(string operation, ReadOnlyMemory<byte> key, Func<string, T> action)
    {
        await Task.Yield();
        string text = Encoding.UTF8.GetString(key.Span);
        Interloper(operation, text);
        lock (_lock)
        {
            Calls++;
            if (Before(operation, text) is { } before) throw before;
            T result = action(text);
            return After(operation, text) is { } after ? throw after : result;
        }
    }
}
