using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Quorleans.Clerk;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>Writes one number after the other without a pause and remembers when each was acknowledged.</summary>
internal sealed class ContinuousWriter : IAsyncDisposable
{
    /// <summary>How many keys it writes to in turn.</summary>
    public const int Keys = 7;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<long> _acknowledged = [];
    private readonly int[] _least = new int[Keys], _most = new int[Keys];
    private readonly Task _writing;

    private readonly string _prefix;

    /// <param name="clerk">The store.</param>
    /// <param name="prefix">What its keys begin with.</param>
    public ContinuousWriter(IClerk clerk, string prefix = "w")
    {
        _prefix = prefix;
        _writing = Task.Run(() => WriteAsync(clerk));
    }

    /// <summary>What its writes threw.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>One of its keys.</summary>
    public byte[] KeyOf(int key) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_prefix}{key}"));

    /// <summary>The smallest number that a key must hold, and the largest that it may hold.</summary>
    public (int Least, int Most) Expected(int key) => (_least[key], _most[key]);

    /// <summary>Waits until a write has been acknowledged that was not when this was called, and for a time more.</summary>
    public async Task FlowsAsync(TimeSpan more)
    {
        int before = Count;
        await Eventually.Holds("a write is acknowledged", () => Count > before);
        await Pause.ForAsync(more);
    }

    /// <summary>The longest time without an acknowledged write that ended after a moment.</summary>
    public TimeSpan LongestGap(long since)
    {
        lock (_acknowledged)
        {
            TimeSpan longest = TimeSpan.Zero;
            for (int i = _acknowledged.Count - 1; i > 0 && _acknowledged[i] > since; i--)
            {
                TimeSpan gap = Stopwatch.GetElapsedTime(_acknowledged[i - 1], _acknowledged[i]);
                if (gap > longest) longest = gap;
            }

            return longest;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_writing.IsCompleted) await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
    }

    private int Count
    {
        get
        {
            lock (_acknowledged) return _acknowledged.Count;
        }
    }

    private async Task WriteAsync(IClerk clerk)
    {
        for (int number = 1; !_stop.IsCancellationRequested; number++)
        {
            int key = number % Keys;
            _most[key] = number;
            try
            {
                await clerk.PutAsync(KeyOf(key), BitConverter.GetBytes(number));
            }
            catch (ClerkException e)
            {
                Failures.Enqueue(e);
                continue;
            }

            _least[key] = number;
            lock (_acknowledged) _acknowledged.Add(Stopwatch.GetTimestamp());
        }
    }
}
