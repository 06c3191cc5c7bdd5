namespace Quorleans.Raft.Storage;

/// <summary>A disk operation failed. What it left behind is unknown; it is never retried.</summary>
public class DiskException : IOException
{
    /// <summary>Creates the exception.</summary>
    public DiskException() { }

    /// <summary>Creates the exception with a message.</summary>
    public DiskException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public DiskException(string message, Exception? inner) : base(message, inner) { }

    /// <summary>Creates the exception for an operation on a path.</summary>
    /// <param name="operation">What was tried, such as <c>fdatasync</c>.</param>
    /// <param name="path">The file or directory.</param>
    /// <param name="errno">The system's error number, 0 when unknown.</param>
    /// <param name="inner">The cause.</param>
    public DiskException(string operation, string path, int errno, Exception? inner = null)
        : base($"{operation} of '{path}' failed: {Describe(errno, inner)}.", inner)
    {
        Operation = operation;
        Path = path;
        Errno = errno;
    }

    /// <summary>What was tried.</summary>
    public string Operation { get; } = "";

    /// <summary>The file or directory.</summary>
    public string Path { get; } = "";

    /// <summary>The system's error number, 0 when unknown.</summary>
    public int Errno { get; }

    private static string Describe(int errno, Exception? inner) =>
        errno != 0 ? $"{System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})"
        : inner?.Message.TrimEnd('.') ?? "unknown error";
}

/// <summary>There is no space (or quota) left. Nothing is damaged; space can be made and the operation tried again.</summary>
public sealed class DiskFullException : DiskException
{
    /// <summary>Creates the exception.</summary>
    public DiskFullException() { }

    /// <summary>Creates the exception with a message.</summary>
    public DiskFullException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public DiskFullException(string message, Exception? inner) : base(message, inner) { }

    /// <summary>Creates the exception for an operation on a path.</summary>
    /// <param name="operation">What was tried.</param>
    /// <param name="path">The file or directory.</param>
    /// <param name="errno">The system's error number.</param>
    /// <param name="inner">The cause.</param>
    public DiskFullException(string operation, string path, int errno, Exception? inner = null) : base(operation, path, errno, inner) { }
}
