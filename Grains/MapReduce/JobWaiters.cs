namespace Quorleans.Grains.MapReduce;

/// <summary>Callers that wait for something to happen to a job. Used on one grain's scheduler only.</summary>
internal sealed class JobWaiters
{
    private readonly Dictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

    /// <summary>Waits until something has happened, or the time is over.</summary>
    public async Task WaitAsync(string job, TimeSpan most, TimeProvider time)
    {
        if (!_waiting.TryGetValue(job, out TaskCompletionSource? source)) _waiting.Add(job, source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await source.Task.WaitAsync(most, time);
        }
        catch (TimeoutException)
        {
            // The caller looks, and decides.
        }
    }

    /// <summary>Something has happened to a job.</summary>
    public void Wake(string job)
    {
        if (_waiting.Remove(job, out TaskCompletionSource? source)) source.TrySetResult();
    }

    /// <summary>Nothing will happen here any more.</summary>
    public void WakeAll()
    {
        foreach (TaskCompletionSource source in _waiting.Values) source.TrySetResult();
        _waiting.Clear();
    }
}
