namespace Quorleans.Hosting;

/// <summary>Why a cluster or one of its nodes refused.</summary>
public enum ClusterError
{
    /// <summary>An option is out of its range.</summary>
    InvalidOption = 1,

    /// <summary>The cluster has no node of that name.</summary>
    UnknownNode = 2,

    /// <summary>The node is not in a state in which this can be done.</summary>
    WrongState = 3,

    /// <summary>Something else listens on a port that a node needs.</summary>
    PortInUse = 4,

    /// <summary>The data directory does not fit: of another shape, damaged, or written by a newer program.</summary>
    DataDirectory = 5,

    /// <summary>The cluster's configuration file is missing or wrong.</summary>
    Configuration = 6,

    /// <summary>The nodes that keep the membership table cannot be reached, or have no majority.</summary>
    MembersUnavailable = 7,

    /// <summary>Who answers belongs to another cluster.</summary>
    OtherCluster = 8,

    /// <summary>The node was removed from the cluster.</summary>
    Removed = 9,
}

/// <summary>A cluster or a node refused. The message names the thing and the way out.</summary>
public sealed class ClusterException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ClusterException() { }

    /// <summary>Creates the exception with a message.</summary>
    public ClusterException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public ClusterException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>Creates the exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">For a person: what is wrong, and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public ClusterException(ClusterError error, string message, Exception? innerException = null) : base(message, innerException) => Error = error;

    /// <summary>Why.</summary>
    public ClusterError Error { get; }
}
