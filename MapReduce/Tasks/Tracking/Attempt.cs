using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>An attempt that runs on a tracker.</summary>
internal sealed class Attempt(TaskOrder order) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private volatile string? _why;
    private volatile bool _hasLostLease;

    /// <summary>Why one that ran too long without an answer of the coordinator's is stopped.</summary>
    public const string LostLease = "the lease ended: the coordinator of jobs could not be reached";

    public TaskOrder Order { get; } = order;

    public TaskProgress Progress { get; } = new();

    public CancellationToken Stopped => _stop.Token;

    /// <summary>Why it is to stop; null: it is not.</summary>
    public string? Why => _why;

    /// <summary>Its lease ended while it ran: whatever it made is not to be used.</summary>
    public bool HasLostLease => _hasLostLease;

    /// <summary>Ends when the attempt has.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;

    /// <summary>Tells it to stop. The first reason counts.</summary>
    public void Stop(string why)
    {
        _why ??= why;

        // Callbacks must not run here, under the tracker's lock.
        _ = _stop.CancelAsync();
    }

    /// <summary>Tells it to stop, since its lease has ended.</summary>
    public void LoseLease()
    {
        _hasLostLease = true;
        Stop(LostLease);
    }

    public void Dispose() => _stop.Dispose();
}
