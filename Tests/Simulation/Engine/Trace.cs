using System.Globalization;

namespace Quorleans.Simulation;

/// <summary>What happened, a line for each event. Costs nothing where it is null: call it as <c>world.Trace?.Line($"…")</c>.</summary>
/// <param name="write">Takes each line.</param>
public sealed class Trace(Action<string> write)
{
    internal World? World { get; set; }

    /// <summary>Writes a line under the present time, in seconds.</summary>
    /// <param name="text">What happened.</param>
    public void Line(string text)
    {
        long now = World?.NowUs ?? 0;
        write(string.Create(CultureInfo.InvariantCulture, $"{now / 1_000_000,5}.{now % 1_000_000:000000} {text}"));
    }
}
