namespace Quorleans.MapReduce;

/// <summary>An argument of the application is missing, wrong or unknown: nothing was run.</summary>
public sealed class JobArgumentException : Exception
{
    /// <summary>Says nothing in particular.</summary>
    public JobArgumentException()
    {
    }

    /// <param name="message">Names the argument and what it may be.</param>
    public JobArgumentException(string message) : base(message)
    {
    }

    /// <param name="message">Names the argument and what it may be.</param>
    /// <param name="innerException">What led to it.</param>
    public JobArgumentException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
