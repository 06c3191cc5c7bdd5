namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>What a worker is for: another job's attempts get another process, as do those with other limits.</summary>
/// <param name="Job">The job's id.</param>
/// <param name="Application">The assembly.</param>
/// <param name="HeapLimitBytes">Of managed memory.</param>
/// <param name="ResidentLimitBytes">Of all memory.</param>
internal sealed record WorkerKey(string Job, string Application, long HeapLimitBytes, long ResidentLimitBytes);
