namespace Quorleans.Client.Commands;

/// <summary>How fast a number grows: over the last seconds while it does, over all of its time when it has come to its end.</summary>
internal sealed class JobRate
{
    private const double WindowSeconds = 3;
    private readonly Queue<(double Seconds, double Value)> _recent = new();
    private (double Seconds, double Value)? _first;
    private (double Seconds, double Value) _last;

    /// <summary>Takes a look.</summary>
    /// <param name="seconds">When.</param>
    /// <param name="value">What it is.</param>
    /// <param name="hasEnded">It grows no more.</param>
    /// <returns>By how much it grows each second.</returns>
    public double Next(double seconds, double value, bool hasEnded)
    {
        if (value < _last.Value)
        {
            // A new step, or the work of a lost node, which is done again.
            _recent.Clear();
            _first = null;
        }

        _first ??= (seconds, value);
        if (value != _last.Value) _last = (seconds, value);
        if (hasEnded) return Slope(_first.Value, _last);
        _recent.Enqueue((seconds, value));
        while (_recent.Count > 2 && seconds - _recent.Peek().Seconds > WindowSeconds) _recent.Dequeue();
        return Slope(_recent.Peek(), (seconds, value));
    }

    private static double Slope((double Seconds, double Value) from, (double Seconds, double Value) to) =>
        to.Seconds <= from.Seconds ? 0 : (to.Value - from.Value) / (to.Seconds - from.Seconds);
}
