using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Client.Bench;

namespace Quorleans.Benchmarks.Overload;

/// <summary>
/// Clients that each put, wait for the answer, and put again: Clerks of their own, so that nothing of one travels with another's, as if each were a process. They share a
/// connection and this process.
/// </summary>
internal sealed class ClientCrowd(BenchCluster cluster, int clients, int valueBytes)
{
    private const int Keys = 10_000;
    private const int Stripes = 16;
    private const double Megabyte = 1 << 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private readonly byte[] _value = Encoding.ASCII.GetBytes(new string('v', valueBytes));
    private readonly (Lock Lock, LatencyHistogram Latencies)[] _stripes = [.. Enumerable.Range(0, Stripes).Select(static _ => (new Lock(), new LatencyHistogram()))];
    private readonly ConcurrentDictionary<ClerkError, long> _failures = new();

    /// <summary>Lets them work.</summary>
    /// <param name="warmUp">Not counted.</param>
    /// <param name="time">Counted: what ended in it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CrowdResult> RunAsync(TimeSpan warmUp, TimeSpan time, CancellationToken cancellationToken)
    {
        OrleansClerk[] clerks = [.. Enumerable.Range(0, clients).Select(_ => cluster.CreateClerk())];
        long refused = 0;
        using MeterListener listener = new()
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == ClerkMetrics.MeterName && instrument.Name == ClerkMetrics.Busy) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref refused, count));
        listener.Start();
        long from = Stopwatch.GetTimestamp() + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        long to = from + (long)(time.TotalSeconds * Stopwatch.Frequency);
        Process process = Process.GetCurrentProcess();
        (TimeSpan processors, TimeSpan pauses, long allocated, int collections) = (process.TotalProcessorTime, GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
        Task[] loops = [.. clerks.Select((clerk, client) => Task.Run(() => PutAsync(clerk, client, from, to, cancellationToken), cancellationToken))];
        Task all = Task.WhenAll(loops);
        int waiting = 0;
        long waitingBytes = 0, memory = 0, heap = 0, early = 0;
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(Look, cancellationToken));
            (int batches, long bytes) = cluster.Waiting();
            (waiting, waitingBytes) = (Math.Max(waiting, batches), Math.Max(waitingBytes, bytes));
            long resident = Environment.WorkingSet;
            if (early == 0 && Stopwatch.GetTimestamp() > from) early = resident;
            memory = Math.Max(memory, resident);
            heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: false));
        }

        await all;
        process.Refresh();
        double whole = (warmUp + time).TotalSeconds;
        string costs = string.Create(CultureInfo.InvariantCulture,
            $"{(process.TotalProcessorTime - processors).TotalSeconds / whole:F2} processors, {(GC.GetTotalPauseDuration() - pauses).TotalSeconds / whole * 100:F0} % of the time in {GC.CollectionCount(0) - collections} collections of {(GC.GetTotalAllocatedBytes() - allocated) / Megabyte:F0} MiB");
        foreach (OrleansClerk clerk in clerks) await clerk.DisposeAsync();
        LatencyHistogram latencies = new();
        foreach ((_, LatencyHistogram stripe) in _stripes) latencies.Add(stripe);
        return new CrowdResult
        {
            Clients = clients, PutsPerSecond = latencies.Count / time.TotalSeconds, Latencies = latencies, Refused = refused, Failures = new Dictionary<ClerkError, long>(_failures),
            Costs = costs, WaitingMost = waiting, WaitingBytesMost = waitingBytes, ResidentEarly = early, ResidentMost = memory, HeapMost = heap,
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

/// <summary>What a crowd of clients met.</summary>
internal sealed record CrowdResult
{
    /// <summary>How many clients.</summary>
    public required int Clients { get; init; }

    /// <summary>Puts that succeeded, a second.</summary>
    public required double PutsPerSecond { get; init; }

    /// <summary>How long they took, with all pauses and attempts.</summary>
    public required LatencyHistogram Latencies { get; init; }

    /// <summary>Batches that nodes refused as busy.</summary>
    public required long Refused { get; init; }

    /// <summary>What it cost, warm-up included, for a person.</summary>
    public required string Costs { get; init; }

    /// <summary>Puts that failed, by error.</summary>
    public required IReadOnlyDictionary<ClerkError, long> Failures { get; init; }

    /// <summary>The most batches that waited at the nodes at a time.</summary>
    public required int WaitingMost { get; init; }

    /// <summary>The most bytes of batches that did.</summary>
    public required long WaitingBytesMost { get; init; }

    /// <summary>The process's memory when counting began.</summary>
    public required long ResidentEarly { get; init; }

    /// <summary>The most that it had.</summary>
    public required long ResidentMost { get; init; }

    /// <summary>The largest managed heap, with garbage.</summary>
    public required long HeapMost { get; init; }
}
