namespace Quorleans.Raft.Storage;

/// <summary>Whether a log can be used.</summary>
public enum LogState
{
    /// <summary>It takes records.</summary>
    Open = 0,

    /// <summary>The disk is full: it takes what still fits, and goes on when space returns.</summary>
    Full = 1,

    /// <summary>A write or sync failed. Nothing more is written; the node must stop.</summary>
    Failed = 2,

    /// <summary>Recovery found durable bytes damaged. Nothing may be written or served.</summary>
    Corrupt = 3,

    /// <summary>It was disposed.</summary>
    Closed = 4,
}

/// <summary>The log is failed, corrupt or closed, and takes nothing.</summary>
public sealed class LogStateException : Exception
{
    /// <summary>Creates the exception.</summary>
    public LogStateException() { }

    /// <summary>Creates the exception with a message.</summary>
    public LogStateException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public LogStateException(string message, Exception? inner) : base(message, inner) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="state">Why the log takes nothing.</param>
    /// <param name="message">What is wrong and the way out.</param>
    /// <param name="inner">The cause.</param>
    public LogStateException(LogState state, string message, Exception? inner = null) : base(message, inner) => State = state;

    /// <summary>Why the log takes nothing.</summary>
    public LogState State { get; }
}
