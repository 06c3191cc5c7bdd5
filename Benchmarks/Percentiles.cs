namespace Quorleans.Benchmarks;

/// <summary>Percentiles of few numbers, exactly.</summary>
internal static class Percentiles
{
    /// <summary>The number that the given part of all does not exceed; 0 when there are none.</summary>
    /// <param name="numbers">In any order.</param>
    /// <param name="percentile">From 0 to 100.</param>
    public static double Of(IEnumerable<double> numbers, double percentile)
    {
        double[] sorted = [.. numbers.Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * percentile / 100) - 1, 0, sorted.Length - 1)];
    }
}
