namespace Quorleans.Raft.Storage;

/// <summary>Why a data directory was refused.</summary>
public enum NodeDirectoryError
{
    /// <summary>Another process (or another node in this one) uses it.</summary>
    Locked = 1,

    /// <summary>It belongs to a node of another name.</summary>
    OtherNode = 2,

    /// <summary>It belongs to another cluster.</summary>
    OtherCluster = 3,

    /// <summary>A newer program wrote it.</summary>
    NewerFormat = 4,

    /// <summary>It may not be written.</summary>
    ReadOnly = 5,

    /// <summary>The disk is full.</summary>
    DiskFull = 6,

    /// <summary>node.json is damaged, or missing beside a log.</summary>
    Malformed = 7,

    /// <summary>Any other failure of the disk, or the path is no directory.</summary>
    Unusable = 8,
}

/// <summary>A data directory was refused. The message names the path and the way out; nothing in it was changed.</summary>
public sealed class NodeDirectoryException : Exception
{
    /// <summary>Creates the exception.</summary>
    public NodeDirectoryException() { }

    /// <summary>Creates the exception with a message.</summary>
    public NodeDirectoryException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public NodeDirectoryException(string message, Exception? inner) : base(message, inner) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why it was refused.</param>
    /// <param name="path">The data directory.</param>
    /// <param name="message">What is wrong and the way out.</param>
    /// <param name="inner">The cause.</param>
    public NodeDirectoryException(NodeDirectoryError error, string path, string message, Exception? inner = null) : base(message, inner)
    {
        Error = error;
        Path = path;
    }

    /// <summary>Why it was refused.</summary>
    public NodeDirectoryError Error { get; }

    /// <summary>The data directory.</summary>
    public string Path { get; } = "";
}
