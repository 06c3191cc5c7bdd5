namespace Quorleans.Labs;

/// <summary>On which side of its limit a value has to be.</summary>
public enum Bound
{
    /// <summary>The value may not be larger.</summary>
    AtMost,

    /// <summary>The value may not be smaller.</summary>
    AtLeast,

    /// <summary>The value has to be the limit itself.</summary>
    Exactly,
}

/// <summary>A value that a scenario measured, and the limit it was held against.</summary>
/// <param name="What">What was measured; the same words in every run of the scenario.</param>
/// <param name="Value">The value; a run that measures the same thing several times keeps the worst.</param>
/// <param name="Bound">On which side of the limit it has to be.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Unit">The unit of both.</param>
public readonly record struct Measurement(string What, double Value, Bound Bound, double Limit, string Unit)
{
    /// <summary>Whether the limit is kept.</summary>
    public bool IsKept => Bound switch
    {
        Bound.AtMost => Value <= Limit,
        Bound.AtLeast => Value >= Limit,
        _ => Value == Limit,
    };

    /// <summary>How far the value is from breaking its limit, in the limit's unit; negative when it does.</summary>
    public double Margin => Bound switch
    {
        Bound.AtMost => Limit - Value,
        Bound.AtLeast => Value - Limit,
        _ => -Math.Abs(Value - Limit),
    };

    /// <summary>The one of two measurements of the same thing that is nearer to its limit, or further beyond it.</summary>
    /// <param name="other">The other one.</param>
    public Measurement Worse(Measurement other) => other.Margin < Margin ? other : this;

    /// <inheritdoc/>
    public override string ToString() => $"{What}: {Value:0.###} {Unit}, {Words(Bound)} {Limit:0.###} {Unit}";

    internal static string Words(Bound bound) => bound switch
    {
        Bound.AtMost => "at most",
        Bound.AtLeast => "at least",
        _ => "exactly",
    };
}
