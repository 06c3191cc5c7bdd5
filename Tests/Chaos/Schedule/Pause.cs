namespace Quorleans.Chaos;

/// <summary>Lets real time pass, where its passing is the point: between faults, while one lasts, and before something that failed is tried again. Conditions are waited for by <c>Poll</c>.</summary>
internal static class Pause
{
    /// <summary>Waits; ends early, and without an exception, when the run stops.</summary>
    public static async Task ForAsync(TimeSpan time, CancellationToken stop) => await Task.Delay(time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
