namespace Quorleans.MapReduce.Jobs;

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">What follows from it.</param>
/// <param name="Message">For people: names the thing, and the way out.</param>
/// <param name="Record">The record at which the attempt's process ended, when it did and that is known.</param>
/// <param name="LostMaps">The map tasks whose outputs could not be had.</param>
public sealed record TaskFailure(TaskFailureKind Kind, string Message, RecordPlace? Record = null, IReadOnlyList<MapOutput>? LostMaps = null);

/// <summary>What follows from an attempt's failure.</summary>
public enum TaskFailureKind
{
    /// <summary>Another attempt may succeed, best elsewhere; counts against the task.</summary>
    Attempt,

    /// <summary>The process of user code ended or was ended: exit, stack overflow, memory, time. Counts against the task.</summary>
    Crash,

    /// <summary>No attempt can succeed: unknown application, wrong argument, output not allowed. The job fails at once.</summary>
    Job,

    /// <summary>A reduce task could not get map outputs: those maps run again. Does not count against the reduce task.</summary>
    MapOutputLost,

    /// <summary>It was told to stop, or its lease ended. Does not count.</summary>
    Stopped,
}
