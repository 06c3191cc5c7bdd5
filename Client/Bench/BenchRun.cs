using System.Text;
using Quorleans.Clerk;
using Quorleans.Client.Workload;

namespace Quorleans.Client.Bench;

/// <summary>
/// A closed loop: each caller sends its next operation when the last one is answered. What is counted ended between the end of the
/// warm-up and the end of the time, so that neither edge adds half operations.
/// </summary>
internal sealed class BenchRun(IClerk clerk, MonotonicClock clock, BenchOptions options)
{
    private const int LoadersMax = 64;
    private readonly byte[][] _keys = [.. Enumerable.Range(0, options.Keys).Select(i => Encoding.UTF8.GetBytes($"bench/{i}"))];
    private readonly byte[] _value = MakeValue(options.ValueBytes);

    /// <summary>Loads the keys if they are read or grow, warms up and measures.</summary>
    /// <exception cref="ClerkException">The keys could not be loaded.</exception>
    public async Task<BenchResult> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Operation != "put") await LoadAsync(cancellationToken);
        long fromNs = clock.NowNs + (long)(options.WarmUp.TotalSeconds * 1e9);
        long toNs = fromNs + (long)(options.Duration.TotalSeconds * 1e9);
        BenchResult[] results = await Task.WhenAll(Enumerable.Range(0, options.Clients)
            .Select(caller => Task.Run(() => CallAsync(caller, fromNs, toNs, cancellationToken), cancellationToken)));
        LatencyHistogram all = new();
        foreach (BenchResult result in results) all.Add(result.Latencies);
        return new BenchResult(all.Count, results.Sum(result => result.Errors), all);
    }

    private static byte[] MakeValue(int bytes)
    {
        byte[] value = new byte[bytes];
        for (int i = 0; i < bytes; i++) value[i] = (byte)('a' + i % 26);
        return value;
    }

    private async Task<BenchResult> CallAsync(int caller, long fromNs, long toNs, CancellationToken cancellationToken)
    {
        Random random = new(caller);
        LatencyHistogram latencies = new();
        long errors = 0;
        while (true)
        {
            long callNs = clock.NowNs;
            if (callNs >= toNs) return new BenchResult(latencies.Count, errors, latencies);
            bool ok = true;
            try
            {
                await SendAsync(_keys[random.Next(_keys.Length)], cancellationToken);
            }
            catch (ClerkException)
            {
                ok = false;
            }

            long returnNs = clock.NowNs;
            if (returnNs < fromNs || returnNs > toNs) continue;
            if (ok) latencies.Record(returnNs - callNs);
            else errors++;
        }
    }

    private Task SendAsync(byte[] key, CancellationToken cancellationToken) => options.Operation switch
    {
        "put" => clerk.PutAsync(key, _value, cancellationToken),
        "append" => clerk.AppendAsync(key, _value, cancellationToken),
        _ => clerk.GetAsync(key, cancellationToken),
    };

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, LoadersMax).Select(_ => Task.Run(
            async () =>
            {
                for (int i; (i = Interlocked.Increment(ref next)) < _keys.Length;) await clerk.PutAsync(_keys[i], _value, cancellationToken);
            },
            cancellationToken)));
    }
}
