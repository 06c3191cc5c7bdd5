namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// An attempt of a task. Assignments are not kept in the store, so a coordinator that takes over does not know which numbers were used: the
/// generation, which is, keeps attempts apart.
/// </summary>
/// <param name="Generation">The generation of the job's coordinator that ordered it, from 1.</param>
/// <param name="Number">Counts the attempts of the task in that generation, from 1.</param>
public readonly record struct AttemptId(int Generation, int Number)
{
    /// <summary>Such as <c>g1a2</c>; part of the names of all files that the attempt writes.</summary>
    public override string ToString() => $"g{Generation}a{Number}";
}
