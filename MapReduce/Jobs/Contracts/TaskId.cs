namespace Quorleans.MapReduce.Jobs;

/// <summary>A task of a job.</summary>
/// <param name="Step">Which job of a chain, from 0.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Index">Which of its kind, from 0.</param>
public readonly record struct TaskId(int Step, TaskKind Kind, int Index)
{
    /// <summary>Such as <c>map-3</c>, or <c>2.map-3</c> in the second job of a chain.</summary>
    public override string ToString() => $"{(Step == 0 ? "" : $"{Step + 1}.")}{Kind.ToString().ToLowerInvariant()}-{Index}";
}

/// <summary>What a task does.</summary>
public enum TaskKind
{
    /// <summary>Finds the inputs, cuts them into splits, samples them when outputs are to be in order. One for each step: it needs the application's code.</summary>
    Plan,

    /// <summary>Maps a split to sorted runs.</summary>
    Map,

    /// <summary>Reduces one partition of all runs to an output file.</summary>
    Reduce,
}
