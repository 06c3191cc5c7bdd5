using Quorleans.KeyValue;

namespace Quorleans.Clerk;

/// <summary>The shard controller refused a command, or did not answer. The message says which, and the way out.</summary>
public sealed class ShardControllerException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ShardControllerException() { }

    /// <summary>Creates the exception with a message.</summary>
    public ShardControllerException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public ShardControllerException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>Creates the exception for a refusal.</summary>
    public ShardControllerException(in ControllerResult refusal) : base(refusal.Describe()) => Status = refusal.Status;

    /// <summary>Why it was refused; None when there was no answer.</summary>
    public ControllerStatus Status { get; }
}
