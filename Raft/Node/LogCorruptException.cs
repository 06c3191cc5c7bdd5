using Quorleans.Raft.Storage;

namespace Quorleans.Raft.Node;

/// <summary>A node's log is damaged in a place that was durable. The node serves nothing from it and votes for nobody.</summary>
public sealed class LogCorruptException : Exception
{
    /// <summary>Creates the exception.</summary>
    public LogCorruptException() { }

    /// <summary>Creates the exception.</summary>
    public LogCorruptException(string message) : base(message) { }

    /// <summary>Creates the exception.</summary>
    public LogCorruptException(string message, Exception inner) : base(message, inner) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="corruption">Where.</param>
    public LogCorruptException(LogCorruption corruption) : base($"The log is corrupt: {corruption}") => Corruption = corruption;

    /// <summary>Where, or null when unknown.</summary>
    public LogCorruption? Corruption { get; }
}
