namespace Quorleans.Tests.Shared;

/// <summary>
/// Held by a test assembly that starts processes, for as long as its tests run: two of them at once, such as of two checkouts, share ports, cores and the disk, and
/// would measure and disturb each other. Use it as an assembly fixture. Whoever waits for it takes the place of another assembly that could run: so it is not for
/// those that only have their clusters in process.
/// </summary>
public sealed class MachineLock : IDisposable
{
    private const string Name = @"Global\Quorleans.Tests.Cluster";
    private readonly ManualResetEventSlim _done = new();
    private readonly Thread _holder;

    /// <summary>Waits until no other test assembly holds it.</summary>
    public MachineLock()
    {
        // A mutex belongs to a thread, and test runners promise none: so it has one of its own.
        using var held = new ManualResetEventSlim();
        _holder = new Thread(() => Hold(held)) { IsBackground = true, Name = nameof(MachineLock) };
        _holder.Start();
        held.Wait();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _done.Set();
        _holder.Join();
        _done.Dispose();
    }

    private void Hold(ManualResetEventSlim held)
    {
        using var mutex = new Mutex(initiallyOwned: false, Name);
        try
        {
            mutex.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its owner was killed. That leaves nothing behind that this lock protects.
        }

        held.Set();
        _done.Wait();
        mutex.ReleaseMutex();
    }
}
