namespace Quorleans.Labs;

/// <summary>One test of the labs, or one that they lack, as it runs in virtual time.</summary>
/// <param name="Name">The labs' own name for it, such as <c>TestFigure82C</c>.</param>
/// <param name="Part">Where it belongs: 2A to 2D, 3A, 3B, 4A, 4B; <c>later</c> for what later years of the course added; <c>beyond</c> for what those tests miss.</param>
/// <param name="About">What happens in it, in a line.</param>
/// <param name="Body">The scenario. Ends when it passed, throws <see cref="LabFailureException"/> when not.</param>
public sealed record Scenario(string Name, string Part, string About, Func<LabRun, Task> Body)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
