using System.Collections.Concurrent;
using System.Diagnostics;
using Quorleans.Clerk;
using Quorleans.Linearizability;

namespace Quorleans.Cluster.Tests.Membership;

/// <summary>Callers that put, append and get, each value unique, and a history of all they did.</summary>
internal sealed class RecordedLoad(int keys)
{
    private readonly ConcurrentQueue<Operation> _history = new();
    private int _clients;

    public int Count => _history.Count;

    public Task RunAsync(IClerk clerk, int callers, CancellationToken until) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => CallAsync(clerk, until)));

    public void Verify()
    {
        foreach (KeyResult key in HistoryChecker.Check([.. _history.OrderBy(static operation => operation.Call)]))
            Assert.True(key.Verdict == Verdict.Linearizable, $"{key.Key}: {key.Verdict}\n{key.Explanation}");
    }

    private async Task CallAsync(IClerk clerk, CancellationToken until)
    {
        Random random = new();
        int client = Interlocked.Increment(ref _clients);
        for (int number = 0; !until.IsCancellationRequested; number++)
        {
            string key = $"k{random.Next(keys)}", value = $"{client}.{number};";
            OperationKind kind = (OperationKind)(random.Next(3) switch { 0 => OperationKind.Put, 1 => OperationKind.Append, _ => OperationKind.Get });
            long call = Stopwatch.GetTimestamp();
            (bool? ok, string? output) = await DoAsync(clerk, kind, key, value);
            _history.Enqueue(new Operation(client, kind, key, kind == OperationKind.Get ? "" : value, null, output, ok, call, Stopwatch.GetTimestamp()));
            if (ok is null) client = Interlocked.Increment(ref _clients); // a client does nothing after an unknown outcome
        }
    }

    private static async Task<(bool? Ok, string? Output)> DoAsync(IClerk clerk, OperationKind kind, string key, string value)
    {
        try
        {
            switch (kind)
            {
                case OperationKind.Put: await clerk.PutAsync(key, value); return (true, null);
                case OperationKind.Append: await clerk.AppendAsync(key, value, CancellationToken.None); return (true, null);
                default: return (true, await clerk.GetStringAsync(key));
            }
        }
        catch (ClerkException e)
        {
            return (e.Outcome == OperationOutcome.DidNotHappen ? false : null, null);
        }
    }
}
