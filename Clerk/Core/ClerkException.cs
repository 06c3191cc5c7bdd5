namespace Quorleans.Clerk;

/// <summary>What is known of an operation that failed.</summary>
public enum OperationOutcome
{
    /// <summary>It surely did not and will not happen.</summary>
    DidNotHappen,

    /// <summary>It may have happened, or may still.</summary>
    Unknown,
}

/// <summary>Why an operation failed.</summary>
public enum ClerkError
{
    /// <summary>The deadline passed.</summary>
    DeadlineExceeded,

    /// <summary>The key is empty.</summary>
    KeyEmpty,

    /// <summary>The key is longer than the limit.</summary>
    KeyTooLong,

    /// <summary>The value, or an append's sum, is longer than the limit.</summary>
    ValueTooLarge,

    /// <summary>The request is malformed, such as a continuation token that is none.</summary>
    Invalid,

    /// <summary>Too many operations are outstanding in this Clerk, or the cluster refused for the whole deadline.</summary>
    Busy,

    /// <summary>The node that leads has no space left on its disk.</summary>
    DiskFull,

    /// <summary>The Clerk was disposed.</summary>
    Disposed,

    /// <summary>A transaction's keys are in several shards. Keys with the same <c>{tag}</c> share one.</summary>
    ManyShards,

    /// <summary>A transaction has too many comparisons and operations, or too many bytes.</summary>
    TransactionTooLarge,

    /// <summary>A transaction would read more bytes than the limit; nothing of it was done.</summary>
    ResultTooLarge,
}

/// <summary>An operation failed. <see cref="Outcome"/> says whether it may have happened all the same.</summary>
public sealed class ClerkException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ClerkException() { }

    /// <summary>Creates the exception.</summary>
    public ClerkException(string message) : base(message) { }

    /// <summary>Creates the exception.</summary>
    public ClerkException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why it failed.</param>
    /// <param name="outcome">Whether it may have happened.</param>
    /// <param name="message">For a person: names the thing and the way out.</param>
    public ClerkException(ClerkError error, OperationOutcome outcome, string message) : base(message)
    {
        Error = error;
        Outcome = outcome;
    }

    /// <summary>Why it failed.</summary>
    public ClerkError Error { get; } = ClerkError.DeadlineExceeded;

    /// <summary>Whether it may have happened.</summary>
    public OperationOutcome Outcome { get; } = OperationOutcome.Unknown;
}
