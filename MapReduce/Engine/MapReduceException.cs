namespace Quorleans.MapReduce.Engine;

/// <summary>A job cannot go on. Nothing was published, and no temporary file is left.</summary>
public sealed class MapReduceException : Exception
{
    /// <summary>Says nothing in particular.</summary>
    public MapReduceException()
    {
    }

    /// <param name="message">Names the thing and the way out.</param>
    public MapReduceException(string message) : base(message)
    {
    }

    /// <param name="message">Names the thing and the way out.</param>
    /// <param name="innerException">What led to it.</param>
    public MapReduceException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <param name="failure">The kind.</param>
    /// <param name="message">Names the thing and the way out.</param>
    /// <param name="innerException">What led to it.</param>
    public MapReduceException(JobFailure failure, string message, Exception? innerException = null) : base(message, innerException) => Failure = failure;

    /// <summary>The kind of failure.</summary>
    public JobFailure Failure { get; } = JobFailure.Storage;

    /// <summary>The run that cannot be read, when it is that: whoever made it can make it again.</summary>
    public Run? Run { get; init; }
}
