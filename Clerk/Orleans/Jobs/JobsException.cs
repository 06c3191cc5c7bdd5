namespace Quorleans.Clerk;

/// <summary>Something with jobs did not work. The message names the thing and the way out.</summary>
public sealed class JobsException : Exception
{
    /// <summary>Creates the exception.</summary>
    public JobsException() { }

    /// <summary>Creates the exception with a message.</summary>
    public JobsException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public JobsException(string message, Exception? innerException) : base(message, innerException) { }
}
