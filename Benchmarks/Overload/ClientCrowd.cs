using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Client;
using Quorleans.Client.Bench;

namespace Quorleans.Benchmarks.Overload;

/// <summary>
/// Clients that each put, wait for the answer, and put again. With a Clerk for each nothing of one travels with another's, as if each were a process; those that share a Clerk, as the
/// callers of one process do, travel together. They share a connection and this process.
/// </summary>
internal sealed class ClientCrowd(OrleansCluster cluster, CrowdPlan plan)
{
    private const int Keys = 10_000;
    private const int Stripes = 16;
    private readonly byte[] _value = Encoding.ASCII.GetBytes(new string('v', plan.ValueBytes));
    private readonly (Lock Lock, LatencyHistogram Latencies)[] _stripes = [.. Enumerable.Range(0, Stripes).Select(static _ => (new Lock(), new LatencyHistogram()))];
    private readonly ConcurrentDictionary<ClerkError, long> _failures = new();

    private readonly TaskCompletionSource _allBegan = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waitForFirst = plan.Clients;
    private long _from = long.MaxValue, _to = long.MaxValue;

    /// <summary>Lets them work.</summary>
    /// <param name="onCounting">Called when everybody had an answer and the warm-up is over.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CrowdResult> RunAsync(Func<Task> onCounting, CancellationToken cancellationToken)
    {
        OrleansClerk[] clerks = [.. Enumerable.Range(0, plan.Clerks).Select(_ => cluster.CreateClerk())];
        using CallCounter counter = new();
        long began = Stopwatch.GetTimestamp();
        Task all = Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(client => Task.Run(() => PutAsync(clerks[client % clerks.Length], client, cancellationToken), cancellationToken)));
        await _allBegan.Task.WaitAsync(cancellationToken);
        double firstsMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await Task.Delay(plan.WarmUp, cancellationToken);
        Func<ProcessCosts> costs = ProcessCosts.Begin();
        (long batches, long refused) = (counter.Batches, counter.Refused);
        long from = Stopwatch.GetTimestamp();
        Volatile.Write(ref _from, from);
        await onCounting();
        await Task.Delay(plan.Time, cancellationToken);
        long to = Stopwatch.GetTimestamp();
        Volatile.Write(ref _to, to);
        ProcessCosts spent = costs();
        (batches, refused) = (counter.Batches - batches, counter.Refused - refused);
        await all;
        foreach (OrleansClerk clerk in clerks) await clerk.DisposeAsync();
        LatencyHistogram latencies = new();
        foreach ((_, LatencyHistogram stripe) in _stripes) latencies.Add(stripe);
        return new CrowdResult
        {
            Clients = plan.Clients, FirstsMs = firstsMs, PutsPerSecond = latencies.Count / Stopwatch.GetElapsedTime(from, to).TotalSeconds,
            P50Ms = latencies.Percentile(50) / 1e6, P99Ms = latencies.Percentile(99) / 1e6, MaxMs = latencies.Max / 1e6,
            Batches = batches, Refused = refused, Failures = new Dictionary<ClerkError, long>(_failures), Costs = spent,
        };
    }

    private async Task PutAsync(OrleansClerk clerk, int client, CancellationToken cancellationToken)
    {
        Random random = new(client);
        (Lock guard, LatencyHistogram latencies) = _stripes[client % Stripes];
        bool isFirst = true;
        while (Stopwatch.GetTimestamp() < Volatile.Read(ref _to))
        {
            byte[] key = Encoding.ASCII.GetBytes($"overload/{random.Next(Keys)}");
            long called = Stopwatch.GetTimestamp();
            ClerkError? error = null;
            try
            {
                await clerk.PutAsync(key, _value, cancellationToken).ConfigureAwait(false);
            }
            catch (ClerkException e)
            {
                error = e.Error;
            }

            long ended = Stopwatch.GetTimestamp();
            if (error is { } failure) _failures.AddOrUpdate(failure, 1, static (_, count) => count + 1);
            else if (ended >= Volatile.Read(ref _from) && ended <= Volatile.Read(ref _to))
                lock (guard) latencies.Record((long)Stopwatch.GetElapsedTime(called, ended).TotalNanoseconds);
            if (isFirst && Interlocked.Decrement(ref _waitForFirst) == 0) _allBegan.SetResult();
            isFirst = false;
        }
    }
}
