using System.Diagnostics;
using Quorleans.Clerk;

namespace Quorleans.Benchmarks.Processes;

/// <summary>A client that writes one number after the other to a key, and remembers when each was acknowledged. It may read too, and then notices what is stale.</summary>
internal sealed class Prober : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<long> _acknowledged = [];
    private readonly List<string> _errors = [];
    private readonly Task _work;
    private long _last;

    /// <param name="clerk">The store.</param>
    /// <param name="key">The key, its alone.</param>
    /// <param name="reads">Whether another caller reads what this one writes.</param>
    public Prober(IClerk clerk, string key, bool reads = false) =>
        _work = Task.WhenAll(Task.Run(() => WriteAsync(clerk, key)), reads ? Task.Run(() => ReadAsync(clerk, key)) : Task.CompletedTask);

    /// <summary>What callers saw fail.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_acknowledged) return [.. _errors];
        }
    }

    /// <summary>Reads that showed less than was acknowledged before they began.</summary>
    public int Stale { get; private set; }

    /// <summary>Reads that ended.</summary>
    public long Reads { get; private set; }

    /// <summary>Writes that were acknowledged.</summary>
    public int Writes
    {
        get
        {
            lock (_acknowledged) return _acknowledged.Count;
        }
    }

    /// <summary>Waits until a write that is not yet acknowledged is, and for a while more.</summary>
    public async Task FlowsAsync(TimeSpan more, CancellationToken cancellationToken)
    {
        int before = Writes;
        while (Writes <= before) await Task.Delay(2, cancellationToken);
        await Task.Delay(more, cancellationToken);
    }

    /// <summary>The longest time without an acknowledged write that ended after a moment, or has not ended yet.</summary>
    public double LongestGapMs(long since)
    {
        lock (_acknowledged)
        {
            double longest = Stopwatch.GetElapsedTime(_acknowledged.Count == 0 ? since : _acknowledged[^1]).TotalMilliseconds;
            for (int i = _acknowledged.Count - 1; i > 0 && _acknowledged[i] > since; i--)
                longest = Math.Max(longest, Stopwatch.GetElapsedTime(_acknowledged[i - 1], _acknowledged[i]).TotalMilliseconds);
            return longest;
        }
    }

    /// <summary>When writes were acknowledged after a moment.</summary>
    public long[] AcknowledgedSince(long since)
    {
        lock (_acknowledged) return [.. _acknowledged.Where(time => time > since)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested) await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private async Task WriteAsync(IClerk clerk, string key)
    {
        for (long number = 1; !_stop.IsCancellationRequested; number++)
        {
            try
            {
                await clerk.PutAsync(System.Text.Encoding.UTF8.GetBytes(key), BitConverter.GetBytes(number));
            }
            catch (ClerkException e)
            {
                lock (_acknowledged) _errors.Add(e.Message);
                continue;
            }

            Volatile.Write(ref _last, number);
            lock (_acknowledged) _acknowledged.Add(Stopwatch.GetTimestamp());
        }
    }

    private async Task ReadAsync(IClerk clerk, string key)
    {
        while (!_stop.IsCancellationRequested)
        {
            long least = Volatile.Read(ref _last);
            try
            {
                GetResult read = await clerk.GetAsync(key);
                if ((read.Found ? BitConverter.ToInt64(read.Value.Span) : 0) < least) Stale++;
                Reads++;
            }
            catch (ClerkException e)
            {
                lock (_acknowledged) _errors.Add(e.Message);
            }
        }
    }
}
