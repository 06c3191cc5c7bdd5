using System.Diagnostics;

namespace Quorleans.Tests.Shared;

/// <summary>Waits for what tells nobody when it comes true, such as another process' state.</summary>
internal static class Poll
{
    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="condition">Asked at least once, and again a little after each no.</param>
    /// <param name="every">How long after an answer it is asked again, at the most.</param>
    /// <param name="patience">For how long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether the answer was yes.</returns>
    internal static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan every, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer pause = new(every);
        do
        {
            if (await condition()) return true;
            await pause.WaitForNextTickAsync(cancellationToken);
        }
        while (Stopwatch.GetElapsedTime(start) < patience);
        return false;
    }
}
