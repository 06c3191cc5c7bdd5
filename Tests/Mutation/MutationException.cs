namespace Quorleans.Mutation;

/// <summary>The gate cannot do its work: a mutant does not fit the sources any more, or something does not compile.</summary>
public sealed class MutationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public MutationException() { }

    /// <summary>Creates the exception with a message.</summary>
    public MutationException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public MutationException(string message, Exception? inner) : base(message, inner) { }
}
