namespace Quorleans.MapReduce.Jobs;

/// <summary>An attempt in the whole cluster.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Task">The task.</param>
/// <param name="Attempt">The attempt.</param>
public readonly record struct AttemptKey(string Job, TaskId Task, AttemptId Attempt)
{
    /// <summary>For messages and logs.</summary>
    public override string ToString() => $"{Job}/{Task}/{Attempt}";
}
