using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>An attempt that runs on a tracker.</summary>
internal sealed class Attempt(TaskOrder order) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private volatile string? _why;

    public TaskOrder Order { get; } = order;

    public TaskProgress Progress { get; } = new();

    public CancellationToken Stopped => _stop.Token;

    /// <summary>Why it is to stop; null: it is not.</summary>
    public string? Why => _why;

    /// <summary>Ends when the attempt has.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;

    /// <summary>Tells it to stop. The first reason counts.</summary>
    public void Stop(string why)
    {
        _why ??= why;

        // Callbacks must not run here, under the tracker's lock.
        _ = _stop.CancelAsync();
    }

    public void Dispose() => _stop.Dispose();
}
