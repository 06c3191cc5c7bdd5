using System.Diagnostics;
using System.Globalization;
using Quorleans.Clerk;
using Quorleans.Linearizability;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>A caller that does one operation after another on keys that it shares with others, keeps its history, and how long each took.</summary>
/// <param name="clerk">The store.</param>
/// <param name="number">Its number; after an unknown outcome it goes on as another client.</param>
/// <param name="callers">How many callers there are.</param>
/// <param name="keys">The keys; those before <paramref name="moving"/> are of the shard that moves.</param>
/// <param name="moving">How many keys are of the shard that moves.</param>
internal sealed class RecordedClient(IClerk clerk, int number, int callers, string[] keys, int moving)
{
    private readonly Random _random = new(number);
    private readonly string _filler = new('.', 90);
    private int _client = number;
    private long _next;

    /// <summary>What it did.</summary>
    public List<Operation> History { get; } = [];

    /// <summary>Successful operations on shards that stay: when each ended (a timestamp of <see cref="Stopwatch"/>), and how long it took.</summary>
    public List<(long At, double Milliseconds)> Elsewhere { get; } = [];

    /// <summary>Works until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int key = _random.Next(keys.Length);
            bool isPut = _random.Next(2) == 0;
            string value = isPut ? string.Create(CultureInfo.InvariantCulture, $"{_client % callers}-{_next++};") + _filler : "";
            Operation operation = new(_client, isPut ? OperationKind.Put : OperationKind.Get, keys[key], value, null, null, true, Stopwatch.GetTimestamp(), 0);
            try
            {
                if (isPut) await clerk.PutAsync(keys[key], value, CancellationToken.None);
                else operation = operation with { Output = await clerk.GetStringAsync(keys[key], CancellationToken.None) };
            }
            catch (ClerkException e)
            {
                if (e.Outcome == OperationOutcome.DidNotHappen) continue;
                History.Add(operation with { Ok = null, Return = Stopwatch.GetTimestamp() });
                _client += callers;
                continue;
            }

            long end = Stopwatch.GetTimestamp();
            History.Add(operation with { Return = end });
            if (key >= moving) Elsewhere.Add((end, Stopwatch.GetElapsedTime(operation.Call, end).TotalMilliseconds));
        }
    }
}
