namespace Quorleans.Processes.Tests.Processes;

/// <summary>Lets time pass where the passing of time is what is tested: the random moment of a kill.</summary>
internal static class Pause
{
    public static async Task ForAsync(TimeSpan time)
    {
        if (time <= TimeSpan.Zero) return;
        // The timer knows no period under a millisecond.
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(Math.Max(1, time.TotalMilliseconds)));
        await timer.WaitForNextTickAsync();
    }
}
