namespace Quorleans.Raft;

/// <summary>Something that Raft proves impossible has happened. The replica stops; it never limps on.</summary>
public sealed class InvariantViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public InvariantViolationException() { }

    /// <summary>Creates the exception with what was violated.</summary>
    public InvariantViolationException(string message) : base(message) { }

    /// <summary>Creates the exception with what was violated and its cause.</summary>
    public InvariantViolationException(string message, Exception inner) : base(message, inner) { }
}
