using System.Globalization;

namespace Quorleans.Benchmarks;

/// <summary>A figure beside what it must be.</summary>
/// <param name="What">What was measured, and how.</param>
/// <param name="Measured">The figure, with its unit.</param>
/// <param name="Wanted">What it must be, or empty: shown for comparison only.</param>
/// <param name="Met">Whether it is; null for comparison only.</param>
internal sealed record Mark(string What, string Measured, string Wanted = "", bool? Met = null)
{
    /// <summary>A figure that must not be above a limit.</summary>
    public static Mark AtMost(string what, double measured, double limit, string unit) =>
        new(what, Text(measured, unit), "≤ " + Text(limit, unit), measured <= limit);

    /// <summary>A figure that must not be below a limit.</summary>
    public static Mark AtLeast(string what, double measured, double limit, string unit) =>
        new(what, Text(measured, unit), "≥ " + Text(limit, unit), measured >= limit);

    /// <summary>Something that must be so.</summary>
    public static Mark Is(string what, string measured, bool met) => new(what, measured, "yes", met);

    /// <summary>A figure for comparison.</summary>
    public static Mark Beside(string what, string measured) => new(what, measured);

    /// <summary>A number with its unit, as short as it says all.</summary>
    public static string Text(double number, string unit) =>
        number.ToString(Math.Abs(number) >= 100 ? "F0" : Math.Abs(number) >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture) + (unit.Length == 0 || unit == "×" ? "" : " ") + unit;
}
