namespace Quorleans.CrashPoints;

/// <summary>Something was lost, went back, or is served although it was never whole.</summary>
public sealed class ViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ViolationException() { }

    /// <summary>Creates the exception with a message.</summary>
    public ViolationException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public ViolationException(string message, Exception? inner) : base(message, inner) { }
}
