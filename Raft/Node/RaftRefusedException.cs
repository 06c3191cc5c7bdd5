namespace Quorleans.Raft.Node;

/// <summary>A message was refused before Raft saw it: another cluster, group incarnation or member is meant, or nothing runs here.</summary>
public sealed class RaftRefusedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RaftRefusedException() { }

    /// <summary>Creates the exception with the reason.</summary>
    public RaftRefusedException(string message) : base(message) { }

    /// <summary>Creates the exception for a message whose bytes were refused.</summary>
    /// <param name="error">What is wrong with them.</param>
    /// <param name="message">The reason.</param>
    public RaftRefusedException(MessageError error, string message) : base(message) => Error = error;

    /// <summary>What is wrong with the message's bytes; None when something else was the reason.</summary>
    public MessageError Error { get; }

    /// <summary>Creates the exception with the reason and its cause.</summary>
    public RaftRefusedException(string message, Exception inner) : base(message, inner) { }
}
