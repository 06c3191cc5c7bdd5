using System.Diagnostics;

namespace Quorleans.Tests.Shared;

/// <summary>Waits for conditions of real clusters, which tell nobody when they come true.</summary>
public static class Eventually
{
    /// <summary>How long a condition may take on a loaded machine before the test fails.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="what">The condition, for the failure's message.</param>
    /// <param name="condition">Asked again a little after each no, or after each exception.</param>
    /// <returns>The time it took.</returns>
    /// <exception cref="TimeoutException">It was no for <see cref="Patience"/>.</exception>
    public static async Task<TimeSpan> Holds(string what, Func<Task<bool>> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        long start = Stopwatch.GetTimestamp();
        Exception? last = null;
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        do
        {
            try
            {
                if (await condition()) return Stopwatch.GetElapsedTime(start);
                last = null;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                last = e;
            }

            await pause.WaitForNextTickAsync();
        }
        while (Stopwatch.GetElapsedTime(start) < Patience);

        throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}.", last);
    }

    /// <summary>Asks until the answer is yes.</summary>
    /// <param name="what">The condition, for the failure's message.</param>
    /// <param name="condition">Asked again a little after each no, or after each exception.</param>
    /// <returns>The time it took.</returns>
    /// <exception cref="TimeoutException">It was no for <see cref="Patience"/>.</exception>
    public static Task<TimeSpan> Holds(string what, Func<bool> condition) => Holds(what, () => Task.FromResult(condition()));
}
