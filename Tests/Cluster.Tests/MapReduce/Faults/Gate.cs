using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>Holds the first that comes to a place until it is opened.</summary>
/// <param name="place">The place.</param>
/// <param name="isConcerned">Whether a node's coming counts.</param>
internal sealed class Gate(string place, Func<string, bool> isConcerned) : IDisposable
{
    private readonly TaskCompletionSource<string> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it may go on.</summary>
    public Task Opened => _open.Task;

    /// <summary>Waits until somebody is held.</summary>
    /// <returns>The node's name.</returns>
    public async Task<string> ReachedAsync()
    {
        try
        {
            return await _reached.Task.WaitAsync(Eventually.Patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Nobody came to '{place}'.", e);
        }
    }

    /// <summary>Lets who is held go on.</summary>
    public void Open() => _open.TrySetResult();

    /// <summary>Whether who comes is to be held.</summary>
    public bool TryHold(string at, string node) => at == place && !_open.Task.IsCompleted && isConcerned(node) && _reached.TrySetResult(node);

    public void Dispose() => Open();
}
