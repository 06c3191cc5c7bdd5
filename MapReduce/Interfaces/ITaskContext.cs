namespace Quorleans.MapReduce;

/// <summary>What user code may ask and tell while a task runs. Belongs to one attempt of one task; not safe for several threads.</summary>
public interface ITaskContext
{
    /// <summary>The application's arguments.</summary>
    JobArguments Arguments { get; }

    /// <summary>Is cancelled when the attempt is no longer wanted. Long computations look at it.</summary>
    CancellationToken Cancellation { get; }

    /// <summary>Adds to a counter of the job. Only attempts whose output is used count, each once.</summary>
    /// <param name="counter">Its name.</param>
    /// <param name="by">How much is added.</param>
    void Count(string counter, long by = 1);

    /// <summary>Says in a few words what the task does at the moment; shown with the job's progress.</summary>
    void Status(string text);
}
