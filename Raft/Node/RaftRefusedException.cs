namespace Quorleans.Raft.Node;

/// <summary>A message was refused before Raft saw it: another cluster, group incarnation or member is meant, or nothing runs here.</summary>
public sealed class RaftRefusedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RaftRefusedException() { }

    /// <summary>Creates the exception with the reason.</summary>
    public RaftRefusedException(string message) : base(message) { }

    /// <summary>Creates the exception with the reason and its cause.</summary>
    public RaftRefusedException(string message, Exception inner) : base(message, inner) { }
}
