using System.Diagnostics;
using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Linearizability;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>
/// A caller that does one operation after another on keys that it shares with others, and keeps its history and how long each took: in a few bytes each and
/// without objects, so that what is measured is the store's work for the garbage collector and not the recorder's.
/// </summary>
/// <param name="clerk">The store.</param>
/// <param name="number">Its number; after an unknown outcome it goes on as another client.</param>
/// <param name="callers">How many callers there are.</param>
/// <param name="keys">The keys; those before <paramref name="moving"/> are of the shard that moves.</param>
/// <param name="moving">How many keys are of the shard that moves.</param>
internal sealed class RecordedClient(IClerk clerk, int number, int callers, string[] keys, int moving)
{
    private const int RecordsOfBlock = 1 << 14;
    private const long Nothing = -1;
    private readonly Random _random = new(number);
    private readonly string _filler = new('.', 90);
    private readonly List<Record[]> _blocks = [];
    private int _count;
    private int _client = number;
    private long _next;

    /// <summary>What it did.</summary>
    public IEnumerable<Operation> History => Records.Select(ToOperation);

    /// <summary>Successful operations on shards that stay: when each ended (a timestamp of <see cref="Stopwatch"/>), and how long it took.</summary>
    public IEnumerable<(long At, double Milliseconds)> Elsewhere => Records.Where(record => record.IsDone && record.Key >= moving)
        .Select(static record => (record.End, Stopwatch.GetElapsedTime(record.Call, record.End).TotalMilliseconds));

    private IEnumerable<Record> Records => Enumerable.Range(0, _count).Select(i => _blocks[i / RecordsOfBlock][i % RecordsOfBlock]);

    /// <summary>Works until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int key = _random.Next(keys.Length);
            bool isPut = _random.Next(2) == 0;
            Record record = new() { Client = _client, Key = key, IsPut = isPut, Value = isPut ? ValueOf(_client % callers, _next++) : Nothing, Call = Stopwatch.GetTimestamp() };
            try
            {
                if (isPut) await clerk.PutAsync(keys[key], ToText(record.Value), CancellationToken.None);
                else record.Value = Parse(await clerk.GetStringAsync(keys[key], CancellationToken.None));
            }
            catch (ClerkException e)
            {
                if (e.Outcome == OperationOutcome.DidNotHappen) continue;
                Keep(record with { End = Stopwatch.GetTimestamp() });
                _client += callers;
                continue;
            }

            Keep(record with { End = Stopwatch.GetTimestamp(), IsDone = true });
        }
    }

    private void Keep(in Record record)
    {
        if (_count % RecordsOfBlock == 0) _blocks.Add(new Record[RecordsOfBlock]);
        _blocks[_count / RecordsOfBlock][_count % RecordsOfBlock] = record;
        _count++;
    }

    private Operation ToOperation(Record record)
    {
        OperationKind kind = record.IsPut ? OperationKind.Put : OperationKind.Get;
        string? output = record.IsPut || record.Value == Nothing ? null : ToText(record.Value);
        return new Operation(record.Client, kind, keys[record.Key], record.IsPut ? ToText(record.Value) : "", null, output, record.IsDone ? true : null, record.Call, record.End);
    }

    private long ValueOf(int caller, long count) => (count * callers) + caller;

    private string ToText(long value) => string.Create(CultureInfo.InvariantCulture, $"{value % callers}-{value / callers};") + _filler;

    /// <summary>What was read as the number that it was written from. Nobody else writes to these keys, so anything else is a corruption that must not pass.</summary>
    private long Parse(string? text)
    {
        if (text is null) return Nothing;
        int dash = text.IndexOf('-', StringComparison.Ordinal), end = text.IndexOf(';', StringComparison.Ordinal);
        if (dash > 0 && end > dash && int.TryParse(text.AsSpan(0, dash), CultureInfo.InvariantCulture, out int caller)
            && long.TryParse(text.AsSpan(dash + 1, end - dash - 1), CultureInfo.InvariantCulture, out long count)
            && text.AsSpan(end + 1).SequenceEqual(_filler)) return ValueOf(caller, count);
        throw new InvalidDataException($"A key holds what nobody wrote: {text}");
    }

    private struct Record
    {
        public int Client;
        public int Key;
        public bool IsPut;
        public bool IsDone;
        public long Value;
        public long Call;
        public long End;
    }
}
