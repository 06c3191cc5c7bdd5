namespace Quorleans.Labs;

/// <summary>A scenario's demand was not met.</summary>
public sealed class LabFailureException : Exception
{
    /// <summary>Creates the exception.</summary>
    public LabFailureException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was demanded and what was seen.</param>
    public LabFailureException(string message) : base(message) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was demanded and what was seen.</param>
    /// <param name="inner">What went wrong below it.</param>
    public LabFailureException(string message, Exception inner) : base(message, inner) { }
}
