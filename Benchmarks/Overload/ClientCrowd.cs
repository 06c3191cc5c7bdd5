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

    /// <summary>Lets them work.</summary>
    public async Task<CrowdResult> RunAsync(CancellationToken cancellationToken)
    {
        OrleansClerk[] clerks = [.. Enumerable.Range(0, plan.Clerks).Select(_ => cluster.CreateClerk())];
        using CallCounter counter = new();
        Func<ProcessCosts> costs = ProcessCosts.Begin();
        long from = Stopwatch.GetTimestamp() + (long)(plan.WarmUp.TotalSeconds * Stopwatch.Frequency);
        long to = from + (long)(plan.Time.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(client => Task.Run(() => PutAsync(clerks[client % clerks.Length], client, from, to, cancellationToken), cancellationToken)));
        ProcessCosts spent = costs();
        foreach (OrleansClerk clerk in clerks) await clerk.DisposeAsync();
        LatencyHistogram latencies = new();
        foreach ((_, LatencyHistogram stripe) in _stripes) latencies.Add(stripe);
        return new CrowdResult
        {
            Clients = plan.Clients, Puts = latencies.Count, PutsPerSecond = latencies.Count / plan.Time.TotalSeconds,
            P50Ms = latencies.Percentile(50) / 1e6, P99Ms = latencies.Percentile(99) / 1e6, MaxMs = latencies.Max / 1e6,
            Batches = counter.Batches, Refused = counter.Refused, Failures = new Dictionary<ClerkError, long>(_failures), Costs = spent,
        };
    }

    private async Task PutAsync(OrleansClerk clerk, int client, long from, long to, CancellationToken cancellationToken)
    {
        Random random = new(client);
        (Lock guard, LatencyHistogram latencies) = _stripes[client % Stripes];
        while (Stopwatch.GetTimestamp() < to)
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
            else if (ended >= from && ended <= to)
                lock (guard) latencies.Record((long)Stopwatch.GetElapsedTime(called, ended).TotalNanoseconds);
        }
    }
}
