using System.Globalization;
using Quorleans.Clerk;

namespace Quorleans.Client.Demo;

/// <summary>Writes one key after another without a pause, and measures how long nothing was acknowledged.</summary>
internal sealed class ContinuousWriter(IClerk clerk, AcknowledgedWrites acknowledged, TimeProvider time, string prefix) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task _writing = Task.CompletedTask;
    private long _lastSuccess;
    private TimeSpan _longestGap;
    private long _count;

    /// <summary>How many writes were acknowledged.</summary>
    public long Count
    {
        get
        {
            lock (_lock) return _count;
        }
    }

    /// <summary>The longest time between two acknowledgements since the last <see cref="Reset"/>.</summary>
    public TimeSpan LongestGap
    {
        get
        {
            lock (_lock) return _longestGap;
        }
    }

    /// <summary>Begins to write.</summary>
    public void Start()
    {
        Reset();
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Forgets the gaps so far; one that is open counts from its beginning.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _longestGap = TimeSpan.Zero;
            if (_lastSuccess == 0) _lastSuccess = time.GetTimestamp();
        }
    }

    /// <summary>Waits until so many more writes are acknowledged.</summary>
    public async Task WaitForWritesAsync(long more, CancellationToken cancellationToken)
    {
        long goal = Count + more;
        while (Count < goal) await Task.Delay(Pause, time, cancellationToken);
    }

    /// <summary>Ends after the write that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        for (long number = 0; !_stop.IsCancellationRequested; number++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:d8}");
            string value = string.Create(CultureInfo.InvariantCulture, $"write {number}");
            try
            {
                await clerk.PutAsync(key, value, CancellationToken.None);
                acknowledged.Acknowledge(key, value);
                Succeeded();
            }
            catch (ClerkException e)
            {
                // What surely did not happen is simply not owed.
                if (e.Outcome == OperationOutcome.Unknown) acknowledged.Doubt(key);
                await Task.Delay(Pause, time);
            }
        }
    }

    private void Succeeded()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            TimeSpan gap = time.GetElapsedTime(_lastSuccess, now);
            if (gap > _longestGap) _longestGap = gap;
            _lastSuccess = now;
            _count++;
        }
    }
}
